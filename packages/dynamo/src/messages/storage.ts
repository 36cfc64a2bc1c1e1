import type { MessageEntity, MessageItem, QueueEntity } from '../entities/message.js'
import { messageShapes, queueShapes } from '../entities/message.js'
import { type Store, toSeconds } from '../store.js'
import type { MessageOptions } from './options.js'

/** What holds for every queue, and how long a message is delivered from its enqueueing. */
export interface MessageLimits extends MessageOptions {
  readonly retentionMs: number
}

/** What everything about messages works with. */
export interface MessageModel {
  readonly store: Store
  readonly table: string
  readonly limits: MessageLimits
  readonly messages: MessageEntity
  readonly queues: QueueEntity
}

/** An expired message stays in the table for this long, so that the next reader or sender can count it. */
const COUNTED_WITHIN_MS = 86_400_000

/** When DynamoDB may delete a message, in seconds since 1970. */
export const messageTtl = (expiresAt: number): number => toSeconds(expiresAt + COUNTED_WITHIN_MS)

/** What every write to a queue sets. A queue outlives its messages, so that no number is given twice. */
export function queueUpkeep({ store, limits }: MessageModel): { readonly schemaVersion: number; readonly ttl: number } {
  const ttl = toSeconds(store.now() + limits.retentionMs + 2 * COUNTED_WITHIN_MS)
  return { schemaVersion: queueShapes.current, ttl }
}

/** The first `wanted` messages after a number, in order, strongly consistent. */
export async function readMessages(
  model: MessageModel,
  recipient: string,
  after: number,
  wanted: number,
  abortSignal: AbortSignal,
): Promise<MessageItem[]> {
  const items: MessageItem[] = []
  let cursor: string | null = null
  do {
    const answer: { data: MessageItem[]; cursor: string | null } = await model.messages.query
      .undelivered({ recipient })
      .gt({ sequence: after })
      .go({ limit: wanted - items.length, cursor, consistent: true, abortSignal })
    items.push(...answer.data.map(messageShapes.upcast))
    cursor = answer.cursor
  } while (cursor !== null && items.length < wanted)
  return items
}

/** The expired messages at the head of a queue. */
export interface ExpiredHead {
  readonly count: number
  /** The number of the last of them. */
  readonly through: number
}

/** How many of the first messages have expired. */
export function expiredHead(items: readonly MessageItem[], now: number): ExpiredHead | undefined {
  const firstLive = items.findIndex((item) => item.expiresAt > now)
  const count = firstLive === -1 ? items.length : firstLive
  const last = items[count - 1]
  return last && { count, through: last.sequence }
}
