import { defined } from '@miyabi/core'
import { each } from '../errors/each.js'
import { encodeCursor } from '../items/cursor.js'
import { assertId, idTime, idToHex } from '../items/ids.js'
import { OwnAttempts } from '../items/own-attempts.js'
import { type Page, PageBudget, readGroups, type Source } from '../items/page.js'
import { assertKeyPart } from '../items/storable.js'
import { asThrown, type CallerOptions, call, type Store, toSeconds } from '../items/store.js'
import { appendItems, assertOneContent, type EventPut } from './append-many.js'
import { type EventEntity, eventEntity } from './entity.js'
import {
  type EventItem,
  type EventModel,
  fromEventItem,
  indexPartition,
  isShared,
  type NewEvent,
  newWriteId,
  type StoredEvent,
  toEventItem,
} from './event.js'
import type { PutItem } from './put-batch.js'
import { daysOf, type EventRange, type IdRange, toIdRange } from './range.js'
import { dayOf, type ShardedBy, shardOf, shardsBetween, shardsOn } from './shards.js'
import { createEventWriter, type DrainableWriter, type EventWriter } from './writer.js'
import type { EventWriterOptions } from './writer-options.js'

/** The event log. */
export interface Events {
  /**
   * Appends one event, unless an event with its id is stored.
   *
   * `duplicate` reports that another append had stored it. An append whose response was lost and that is retried,
   * automatically or by the same process, recognizes its own event.
   */
  append(event: NewEvent, options?: CallerOptions): Promise<{ readonly id: string; readonly duplicate: boolean }>
  /**
   * Appends many events, in no order: new ones in batches of 25, together with those whose caller vouches for their ids
   * (`writtenAt`). A batch has no condition, so other events with an `idempotencyKey` or an `id`, which may already be
   * stored, go each in a separate request, and the stored event stays.
   *
   * @returns the ids, in the order of `events`.
   * @throws {UnprocessedEventsError} naming each event not known to be stored, and why, also when the caller's signal
   * ended the call: the signal's reason is the cause. Append the retryable ones again by `{ ...event, id }`.
   */
  appendMany(events: readonly NewEvent[], options?: CallerOptions): Promise<{ readonly ids: readonly string[] }>
  /**
   * Returns a writer that gathers concurrent single appends into batches. Create one and keep it; it ends with its own
   * `close()` or that of `Dynamo`.
   * @throws {DynamoInputError} for invalid options.
   */
  writer(options?: EventWriterOptions): EventWriter
  /** Returns one event, or undefined when there is none or it has expired. */
  get(eventType: string, id: string, options?: CallerOptions): Promise<StoredEvent | undefined>
  /** Returns events of one type between two moments. */
  byType(eventType: string, range?: EventRange): Promise<Page<StoredEvent>>
  /** Returns events of one user. Read from an index, which on AWS lags slightly behind. */
  byUser(userId: string, range?: EventRange): Promise<Page<StoredEvent>>
  /** Returns events of one repository. Read from an index, which on AWS lags slightly behind. */
  byRepository(repositoryId: string, range?: EventRange): Promise<Page<StoredEvent>>
}

/** The fields of ElectroDB's query response that are read here. */
interface QueryAnswer {
  readonly data: Parameters<typeof fromEventItem>[0][]
  readonly cursor: string | null
}

/** How one query of a page is made. */
interface QueryOptions {
  readonly originalErr: true
  readonly order: 'asc' | 'desc'
  readonly limit: number
  readonly cursor: string | null
  readonly abortSignal: AbortSignal
}

/** @param writers holds every writer that is created, until it is closed. */
export function bindEvents(store: Store, table: string, model: EventModel, writers: Set<DrainableWriter>): Events {
  const entity: EventEntity = eventEntity(table)
  entity.setClient(store.document)
  const attempts = new OwnAttempts<{ readonly writtenAt: number; readonly writeId: string | undefined }>()
  const isLive = (item: { readonly ttl: number }): boolean => item.ttl > toSeconds(model.now())

  const toPut = (event: NewEvent): EventPut => {
    const item = toEventItem(event, model)
    const { Item } = entity.put(item).params<{ readonly Item: PutItem }>()
    return { id: item.id, item: Item, isShared: isShared(event) }
  }

  /** Older servers do not return the item that failed a condition. */
  const readStored = async ({ eventType, day, shard, id }: EventItem, abortSignal: AbortSignal) => {
    const key = { eventType, day, shard, id }
    return (await entity.get(key).go({ ...asThrown, consistent: true, abortSignal })).data
  }

  const read = (item: Parameters<typeof fromEventItem>[0]): StoredEvent => fromEventItem(model.shapes.upcast(item))

  const source = (query: (options: QueryOptions) => Promise<QueryAnswer>, range: IdRange, abortSignal: AbortSignal) =>
    ({
      async read(limit, resume) {
        const { data, cursor } = await query({
          ...asThrown,
          order: range.order,
          limit,
          cursor: resume ?? null,
          abortSignal,
        })
        const isCut = cursor !== null && data.length < limit
        return { items: data.filter(isLive).map(read), resume: cursor ?? undefined, isCut }
      },
    }) satisfies Source<StoredEvent>

  const readPage = (
    question: readonly [name: 'byType' | 'byUser' | 'byRepository', subject: string],
    options: EventRange,
    groupsOf: (range: IdRange, signal: AbortSignal) => Source<StoredEvent>[][],
  ): Promise<Page<StoredEvent>> =>
    call(store, `events.${question[0]}`, table, options.signal, async (signal) => {
      const range = toIdRange(question, options, model)
      const groups = range.low > range.high ? [] : groupsOf(range, signal)
      using budget = new PageBudget(store.settings.timeoutMs)
      // Reading one item more than requested shows whether there is a next page.
      const found = await readGroups(groups, range.order, range.limit + 1, budget)
      const items = found.items.slice(0, range.limit)
      const last = items.at(-1)
      return (found.items.length > items.length || !found.isWhole) && last
        ? { items, cursor: encodeCursor(range.binding, idToHex(last.id)) }
        : { items }
    })

  /** An index is not divided by days: one group with as many shards as any day of the range has had. */
  const indexGroups =
    (
      by: ShardedBy,
      owner: string,
      query: (shard: number, range: IdRange, options: QueryOptions) => Promise<QueryAnswer>,
    ) =>
    (range: IdRange, signal: AbortSignal): Source<StoredEvent>[][] => {
      const lastMs = Math.max(idTime(range.low), Math.min(idTime(range.high), range.horizonMs))
      const shards = shardsBetween(model.plan, by, owner, dayOf(idTime(range.low)), dayOf(lastMs))
      return [Array.from({ length: shards }, (_, shard) => source((o) => query(shard, range, o), range, signal))]
    }

  return {
    append: (event, { signal } = {}) =>
      call(store, 'events.append', table, signal, async (abortSignal, record) => {
        const item = toEventItem(event, model)
        const { id, eventType } = item
        return attempts.during(
          () => JSON.stringify([eventType, id]),
          { signal: abortSignal, record },
          () => ({ writtenAt: item.writtenAt, writeId: isShared(event) ? newWriteId() : undefined }),
          async ({ writeId, writtenAt }) => {
            const answer = await entity
              .create({ ...item, writtenAt, ...defined({ writeId }) })
              .go({ ...asThrown, response: 'none', returnOnConditionCheckFailure: 'all_old', abortSignal })
            // Under an id made here, only an attempt whose response was lost can have stored anything.
            if (!answer.rejected || writeId === undefined) return { id, duplicate: false }
            const stored = answer.data ?? (await readStored(item, abortSignal))
            return { id, duplicate: stored?.writeId !== writeId }
          },
        )
      }),

    async appendMany(events, { signal } = {}) {
      // Refused once on its own, not once for each event.
      model.now()
      const puts = each(events, 'events', toPut)
      assertOneContent(puts)
      await appendItems(store, table, puts, signal)
      return { ids: puts.map(({ id }) => id) }
    },

    writer: (options = {}) => createEventWriter(store, { table, toPut, open: writers }, options),

    get: (eventType, id, { signal } = {}) =>
      call(store, 'events.get', table, signal, async (abortSignal) => {
        assertKeyPart(eventType, 'eventType', 256)
        const day = dayOf(idTime(assertId(id, 'id')))
        const shard = shardOf(id, shardsOn(model.plan, 'types', eventType, day))
        const { data } = await entity.get({ eventType, day, shard, id }).go({ ...asThrown, abortSignal })
        return data && isLive(data) ? read(data) : undefined
      }),

    byType: async (eventType, range = {}) => {
      assertKeyPart(eventType, 'eventType', 256)
      return readPage(['byType', eventType], range, (ids, signal) =>
        daysOf(ids, model.madeDays).map(({ day, low, high }) =>
          Array.from({ length: shardsOn(model.plan, 'types', eventType, day) }, (_, shard) =>
            source(
              (o) => entity.query.byType({ eventType, day, shard }).between({ id: low }, { id: high }).go(o),
              ids,
              signal,
            ),
          ),
        ),
      )
    },

    byUser: async (userId, range = {}) => {
      assertKeyPart(userId, 'userId')
      const query = (shard: number, { low, high }: IdRange, options: QueryOptions) =>
        entity.query
          .byUser({ userShard: indexPartition(userId, shard) })
          .between({ id: low }, { id: high })
          .go(options)
      return readPage(['byUser', userId], range, indexGroups('users', userId, query))
    },

    byRepository: async (repositoryId, range = {}) => {
      assertKeyPart(repositoryId, 'repositoryId')
      const query = (shard: number, { low, high }: IdRange, options: QueryOptions) =>
        entity.query
          .byRepository({ repositoryShard: indexPartition(repositoryId, shard) })
          .between({ id: low }, { id: high })
          .go(options)
      return readPage(['byRepository', repositoryId], range, indexGroups('repositories', repositoryId, query))
    },
  }
}
