import { defined } from '@miyabi/core'
import type { EventIdentity, NewEvent, StoredEvent } from './event.js'
import { assertUsage, USAGE_RECORDED, type Usage } from './usage.js'

/**
 * The event that records a use of a plugin, to be appended: the projection of `db.streams` counts it, once.
 *
 * ```ts
 * const usage = usageRecorded({ userId, pluginId, use: 'command_used', meter: 'tokens', quantity: 1_200 })
 * await db.dynamodb.events.append(usage)
 * ```
 * @param identity as of every event: what makes its repetition the same event. Default: a new one.
 * @throws {DynamoInputError} for a usage that cannot be counted.
 */
export function usageRecorded({ userId, ...usage }: Usage, identity: EventIdentity = {}): NewEvent {
  const event = { eventType: USAGE_RECORDED, userId, data: defined(usage) }
  assertUsage(event)
  return { ...event, ...identity }
}

/** The usage that a stored event records. @throws {DynamoInputError} where it is none that can be counted. */
export function usageOf(event: Pick<StoredEvent, 'eventType' | 'userId' | 'data'>): Usage {
  assertUsage(event)
  return { ...event.data, userId: event.userId } as Usage
}
