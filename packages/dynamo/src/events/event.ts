import { randomBytes } from 'node:crypto'
import { defined } from '@miyabi/core'
import type { EntityItem } from 'electrodb'
import { DynamoInputError } from '../errors/errors.js'
import { assertId, type IdSource, idTime, keyedId, randomIdAt, timeOf } from '../items/ids.js'
import { toPayload } from '../items/payload.js'
import { itemShapes } from '../items/schema-version.js'
import { assertKeyPart } from '../items/storable.js'
import { toSeconds } from '../items/store.js'
import type { EventEntity } from './entity.js'
import type { MadeDays } from './made-days.js'
import { MAX_AHEAD_MS } from './range.js'
import { dayOf, type ShardedBy, type ShardPlan, shardOf, shardsOn } from './shards.js'
import { assertUsage, USAGE_RECORDED } from './usage.js'

/** The types the product writes; any other string is also valid. */
export type EventType = 'agent_execution' | 'usage.recorded' | 'usage_event' | 'webhook' | (string & {})

interface EventFacts {
  readonly eventType: EventType
  readonly userId?: string | undefined
  readonly repositoryId?: string | undefined
  /** A plain object of JSON values (and bigints, bytes, sets), up to 380 KB. */
  readonly data?: object | undefined
}

/** When it happened, and what identifies it when it is appended again. */
export type EventIdentity =
  /**
   * A new event. `occurredAt` defaults to now, and is at most a day ahead of it; events without it are in call order.
   */
  | {
      readonly occurredAt?: Date | undefined
      readonly idempotencyKey?: undefined
      readonly id?: undefined
      readonly writtenAt?: undefined
    }
  /** The same type, time and key are the same event, no matter how often it is appended. */
  | {
      readonly occurredAt: Date
      readonly idempotencyKey: string
      readonly id?: undefined
      readonly writtenAt?: undefined
    }
  /**
   * An id made before: a UUIDv7, which holds the time. With `writtenAt`, which is the same in every repetition, the
   * caller guarantees that no other writer uses this id: a repetition is then the identical item, and may overwrite it.
   */
  | {
      readonly id: string
      readonly writtenAt?: Date | undefined
      readonly occurredAt?: undefined
      readonly idempotencyKey?: undefined
    }

/** An event to append. */
export type NewEvent = EventFacts & EventIdentity

/** An event as it is stored. */
export interface StoredEvent {
  /** A UUIDv7: unique, in time order. */
  readonly id: string
  readonly eventType: string
  readonly occurredAt: Date
  /**
   * When it was written, by the writer's clock: `occurredAt` may be a day ahead of it, and as far back as events are
   * kept.
   */
  readonly writtenAt: Date
  readonly userId?: string
  readonly repositoryId?: string
  readonly data: Record<string, unknown>
}

/**
 * The shapes that events were ever stored in. Append an upcaster to change the shape. Shape 1 did not record when an
 * event was written: only its own time is known.
 */
export const eventShapes = itemShapes<EntityItem<EventEntity>>('event', [
  (item) => ({ ...item, writtenAt: idTime(item.id) }),
])

export interface EventModel {
  readonly shapes: typeof eventShapes
  readonly plan: ShardPlan
  readonly retentionMs: number
  readonly ids: IdSource
  readonly madeDays: MadeDays
  readonly now: () => number
}

/** An event as it is written. */
export type EventItem = ReturnType<typeof toEventItem>

/** The contents of an event besides its id. */
export type EventContent = EventFacts

/**
 * The event to write: its id, and a copy of its contents.
 * @throws {DynamoInputError} `dynamo.invalid_input`
 * @throws {DynamoValueError} `dynamo.value`
 */
export function checkEvent(
  event: NewEvent,
  model: Pick<EventModel, 'retentionMs' | 'ids' | 'madeDays' | 'now'>,
): { readonly id: string; readonly content: EventContent } {
  const { eventType, userId, repositoryId } = event
  assertKeyPart(eventType, 'eventType', 256)
  if (userId !== undefined) assertKeyPart(userId, 'userId')
  if (repositoryId !== undefined) assertKeyPart(repositoryId, 'repositoryId')
  const data = toPayload(event.data, 'data')
  if (eventType === USAGE_RECORDED) assertUsage(event)
  const id = eventId(event, model)
  const ms = idTime(id)
  const now = model.now()
  // A time from the clock is not checked against the clock: the clock may just have been corrected.
  const isTimed = event.id !== undefined || event.occurredAt !== undefined
  if (isTimed && expiryOf(id, model) <= toSeconds(now)) {
    throw new DynamoInputError('occurredAt', 'is further back than events are kept; it would expire immediately')
  }
  // An id made here while the clock was ahead may be appended again after the clock was corrected.
  if (isTimed && ms > now + MAX_AHEAD_MS && !model.madeDays.has(ms)) {
    throw new DynamoInputError('occurredAt', 'is more than a day ahead of the clock; it would outlast all others')
  }
  return { id, content: { eventType, ...defined({ userId, repositoryId, data }) } }
}

/** In seconds since 1970. */
const expiryOf = (id: string, { retentionMs }: Pick<EventModel, 'retentionMs'>): number =>
  toSeconds(idTime(id) + retentionMs)

/**
 * The item for an event: validated, with its id, keys and expiry.
 * @throws {DynamoInputError} `dynamo.invalid_input`
 * @throws {DynamoValueError} `dynamo.value`
 */
export function toEventItem(event: NewEvent, model: EventModel) {
  const { id, content } = checkEvent(event, model)
  const { eventType, userId, repositoryId, data } = content
  const writtenAt = event.writtenAt === undefined ? model.now() : timeOf(event.writtenAt, 'writtenAt')
  const ttl = expiryOf(id, model)
  const ms = idTime(id)
  const day = dayOf(ms)
  const shard = (by: ShardedBy, key: string): number => shardOf(id, shardsOn(model.plan, by, key, day))
  return {
    id,
    eventType,
    day,
    shard: shard('types', eventType),
    ...(userId === undefined ? {} : { userId, userShard: indexPartition(userId, shard('users', userId)) }),
    ...(repositoryId === undefined
      ? {}
      : { repositoryId, repositoryShard: indexPartition(repositoryId, shard('repositories', repositoryId)) }),
    ...defined({ data }),
    writtenAt,
    schemaVersion: model.shapes.current,
    ttl,
  }
}

/**
 * Whether other writers may append under the event's id, or the caller may have done so before: then it is not put
 * unconditionally.
 */
export const isShared = (event: NewEvent): boolean =>
  (event.id !== undefined && event.writtenAt === undefined) || event.idempotencyKey !== undefined

/** The mark of one append. Eight characters: there are never many that could be confused. */
export const newWriteId = (): string => randomBytes(6).toString('base64url')

/**
 * The partition of a user's or a repository's index. What follows the last `#` is the shard, so any text may come
 * before.
 */
export const indexPartition = (owner: string, shard: number): string => `${owner}#${shard}`

function eventId(event: NewEvent, model: Pick<EventModel, 'ids' | 'madeDays'>): string {
  if (event.id !== undefined) return assertId(event.id, 'id')
  const ms = event.occurredAt && timeOf(event.occurredAt, 'occurredAt')
  if (event.idempotencyKey !== undefined) {
    assertKeyPart(event.idempotencyKey, 'idempotencyKey', 4096)
    if (ms === undefined) throw new DynamoInputError('idempotencyKey', 'needs occurredAt: the id is derived from both')
    return keyedId(ms, event.eventType, event.idempotencyKey)
  }
  if (ms !== undefined) return randomIdAt(ms)
  const id = model.ids.next()
  model.madeDays.note(idTime(id))
  return id
}

/** An item as ElectroDB reads it, in the form returned to callers. */
export function fromEventItem(item: EntityItem<EventEntity>): StoredEvent {
  return {
    id: item.id,
    eventType: item.eventType,
    occurredAt: new Date(idTime(item.id)),
    writtenAt: new Date(item.writtenAt),
    ...defined({ userId: item.userId, repositoryId: item.repositoryId }),
    data: (item.data ?? {}) as Record<string, unknown>,
  }
}
