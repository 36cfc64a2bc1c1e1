import { defined } from '@miyabi/core'
import type { EventIdentity, NewEvent, StoredEvent } from './event.js'
import { assertUsage, USAGE_RECORDED, type Usage } from './usage.js'

/**
 * Returns the event that records a use of a plugin, ready to append: the projection of `db.streams` counts it once.
 *
 * ```ts
 * const usage = usageRecorded({ userId, pluginId, use: 'command_used', meter: 'tokens', quantity: 1_200 })
 * await db.dynamodb.events.append(usage)
 * ```
 * @param identity as for every event: identifies repetitions of the same event. Default: a new one.
 * @throws {DynamoInputError} for a usage that cannot be counted.
 */
export function usageRecorded({ userId, ...usage }: Usage, identity: EventIdentity = {}): NewEvent {
  const event = { eventType: USAGE_RECORDED, userId, data: defined(usage) }
  assertUsage(event)
  return { ...event, ...identity }
}

/** Returns the usage that a stored event records. @throws {DynamoInputError} if it records none that can be counted. */
export function usageOf(event: Pick<StoredEvent, 'eventType' | 'userId' | 'data'>): Usage {
  assertUsage(event)
  return { ...event.data, userId: event.userId } as Usage
}
