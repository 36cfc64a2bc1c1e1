import type { Logger, RetryBudget } from '@miyabi/core'
import { DynamoInputError } from './errors/errors.js'
import { assertShardPlan, DAY_MS, type ShardPlan } from './events/shards.js'
import { assertMessageOptions, defaultMessageOptions, type MessageOptions } from './messages/options.js'
import type { MessageWakes } from './messages/wakes.js'

/** How long items are kept, in milliseconds. */
export interface Retention {
  /** Events, from their own time. Default 90 days. */
  readonly eventsMs: number
  /** An agent's current state, after it completed or failed. Default 7 days. */
  readonly endedAgentsMs: number
  /** A version of an agent's state, after it was written. Default 30 days. */
  readonly agentHistoryMs: number
  /** Messages, from when they are enqueued. Default 24 hours. */
  readonly messagesMs: number
  /** The record of a write under a caller's id, so that a repetition changes nothing. Default 7 days. */
  readonly receiptsMs: number
}

export const defaultRetention: Retention = {
  eventsMs: 90 * DAY_MS,
  endedAgentsMs: 7 * DAY_MS,
  agentHistoryMs: 30 * DAY_MS,
  messagesMs: DAY_MS,
  receiptsMs: 7 * DAY_MS,
}

/** @throws {DynamoInputError} naming the value that is not a valid duration. */
function assertRetention(retention: Retention): void {
  for (const [name, ms] of Object.entries(retention)) {
    if (typeof ms === 'number' && ms > 0 && ms <= 36_500 * DAY_MS) continue
    throw new DynamoInputError(`retention.${name}`, 'is not a number of milliseconds above 0, up to a hundred years')
  }
}

export interface DynamoOptions {
  /** Default: silent. */
  readonly logger?: Logger | undefined
  /** The budget shared by all retries, which may be shared with other stores. Default: its own budget. */
  readonly retryBudget?: RetryBudget | undefined
  /**
   * The number of partitions over which events are spread. Default: 4 for a type, 1 for a user and for a repository.
   */
  readonly shards?: ShardPlan | undefined
  readonly retention?: Partial<Retention> | undefined
  readonly messages?: Partial<MessageOptions> | undefined
  /** Notifications of other processes' messages. Default: none, so waiting readers poll every 250 ms. */
  readonly wakes?: MessageWakes | undefined
  /** The clock, in whole milliseconds since 1970. Default `Date.now`. */
  readonly now?: (() => number) | undefined
}

/** The choices of the application's code about the entities, with the defaults filled in. */
interface CheckedOptions {
  readonly shards: ShardPlan
  readonly retention: Retention
  readonly messages: MessageOptions
}

/** @throws {DynamoInputError} for an invalid shard plan, retention or message option. */
export function checkedOptions(options: DynamoOptions): CheckedOptions {
  const { shards = {} } = options
  assertShardPlan(shards)
  const retention = { ...defaultRetention, ...options.retention }
  assertRetention(retention)
  const messages = { ...defaultMessageOptions, ...options.messages }
  assertMessageOptions(messages)
  return { shards, retention, messages }
}
