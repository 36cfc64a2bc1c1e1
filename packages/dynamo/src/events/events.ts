import { encodeCursor } from '../items/cursor.js'
import { assertId, idTime, idToHex } from '../items/ids.js'
import { type Page, readGroups, type Source } from '../items/page.js'
import { assertKeyPart } from '../items/storable.js'
import { asThrown, type CallerOptions, call, type Store, toSeconds } from '../items/store.js'
import { appendItems, type EventPut } from './append-many.js'
import { type EventEntity, eventEntity } from './entity.js'
import {
  type EventModel,
  fromEventItem,
  indexPartition,
  type NewEvent,
  type StoredEvent,
  toEventItem,
} from './event.js'
import type { PutItem } from './put-batch.js'
import { daysOf, type EventRange, type IdRange, toIdRange } from './range.js'
import { dayOf, type ShardedBy, shardOf, shardsBetween, shardsOn } from './shards.js'
import { createEventWriter, type EventWriter, type EventWriterOptions } from './writer.js'

/** The event log. */
export interface Events {
  /**
   * Appends one event, unless an event with its id is stored.
   *
   * When an answer was lost and the request repeated, the event that was stored the first time counts as stored before: `duplicate` is true.
   */
  append(event: NewEvent, options?: CallerOptions): Promise<{ readonly id: string; readonly duplicate: boolean }>
  /**
   * Appends many events in batches of 25, in no order. A batch has no condition: the same id with the same content is stored once; another
   * content under the same id is not noticed, and one of the two stays.
   *
   * @returns the ids, in the order of `events`.
   * @throws {UnprocessedEventsError} naming each event not known to be stored, and why, also when the caller's signal ended it: that one's
   *   reason is the cause. Append the retryable ones again by `{ ...event, id }`.
   */
  appendMany(events: readonly NewEvent[], options?: CallerOptions): Promise<{ readonly ids: readonly string[] }>
  /**
   * A writer that gathers concurrent single appends into batches. Make one and keep it; it ends with `close()`, its own or that of `Dynamo`.
   * @throws {DynamoInputError} for options that cannot be.
   */
  writer(options?: EventWriterOptions): EventWriter
  /** One event, or undefined when there is none or it has expired. */
  get(eventType: string, id: string, options?: CallerOptions): Promise<StoredEvent | undefined>
  /** Events of one type between two moments. */
  byType(eventType: string, range?: EventRange): Promise<Page<StoredEvent>>
  /** Events of one user. Read from an index, which on AWS lags a moment behind. */
  byUser(userId: string, range?: EventRange): Promise<Page<StoredEvent>>
  /** Events of one repository. Read from an index, which on AWS lags a moment behind. */
  byRepository(repositoryId: string, range?: EventRange): Promise<Page<StoredEvent>>
}

/** What ElectroDB answers a query with, as far as it is read here. */
interface QueryAnswer {
  readonly data: Parameters<typeof fromEventItem>[0][]
  readonly cursor: string | null
}

/** How one query of a page is to be made. */
interface QueryOptions {
  readonly originalErr: true
  readonly order: 'asc' | 'desc'
  readonly limit: number
  readonly cursor: string | null
  readonly abortSignal: AbortSignal
}

/** @param writers gets every writer that is made, until it is closed. */
export function bindEvents(store: Store, table: string, model: EventModel, writers: Set<EventWriter>): Events {
  const entity: EventEntity = eventEntity(table)
  entity.setClient(store.document)
  const isLive = (item: { readonly ttl: number }): boolean => item.ttl > toSeconds(model.now())

  const toPut = (event: NewEvent): EventPut => {
    const item = toEventItem(event, model)
    return { id: item.id, item: entity.put(item).params<{ readonly Item: PutItem }>().Item }
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
        return { items: data.filter(isLive).map(read), resume: cursor ?? undefined }
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
      // One more than asked tells whether there is a next page.
      const found = await readGroups(groups, range.order, range.limit + 1)
      const items = found.slice(0, range.limit)
      const last = items.at(-1)
      return found.length > items.length && last
        ? { items, cursor: encodeCursor(range.binding, idToHex(last.id)) }
        : { items }
    })

  /** An index is not divided by days: one group of as many shards as any day of the range has had. */
  const indexGroups =
    (
      by: ShardedBy,
      owner: string,
      query: (shard: number, range: IdRange, options: QueryOptions) => Promise<QueryAnswer>,
    ) =>
    (range: IdRange, signal: AbortSignal): Source<StoredEvent>[][] => {
      const shards = shardsBetween(model.plan, by, owner, dayOf(idTime(range.low)), dayOf(idTime(range.high)))
      return [Array.from({ length: shards }, (_, shard) => source((o) => query(shard, range, o), range, signal))]
    }

  return {
    append: (event, { signal } = {}) =>
      call(store, 'events.append', table, signal, async (abortSignal) => {
        const item = toEventItem(event, model)
        const answer = await entity
          .create(item)
          .go({ ...asThrown, response: 'none', returnOnConditionCheckFailure: true, abortSignal })
        return { id: item.id, duplicate: answer.rejected }
      }),

    async appendMany(events, { signal } = {}) {
      const puts = events.map(toPut)
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
        daysOf(ids).map(({ day, low, high }) =>
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
