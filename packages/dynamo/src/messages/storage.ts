import type { OwnClock } from '../items/own-clock.js'
import { asThrown, type Store, toSeconds } from '../items/store.js'
import type { MessageEntity, MessageItem, MessageReceiptEntity, QueueEntity, QueueItem } from './entity.js'
import { messageShapes, queueShapes } from './entity.js'
import type { SeenLeases } from './lease-end.js'
import type { MessageOptions } from './options.js'
import type { Waiters } from './waiters.js'

/** The options of every queue, and how long a message is delivered after it is enqueued. */
export interface MessageLimits extends MessageOptions {
  readonly retentionMs: number
  readonly receiptsMs: number
}

/** The dependencies of everything about messages. */
export interface MessageModel {
  readonly store: Store
  readonly table: string
  readonly limits: MessageLimits
  readonly messages: MessageEntity
  readonly queues: QueueEntity
  readonly receipts: MessageReceiptEntity
  readonly clock: OwnClock
  readonly seenLeases: SeenLeases
  /** Readers in this process that wait for messages. */
  readonly waiters: Waiters
}

/** An expired message stays in the table for this long, so that the next reader or sender can count it. */
const COUNTED_WITHIN_MS = 86_400_000

/** When DynamoDB may delete a message, in seconds since 1970. */
export const messageTtl = (expiresAt: number): number => toSeconds(expiresAt + COUNTED_WITHIN_MS)

/**
 * What every write to a queue sets; but a `ttl` is never set back. A queue outlives its messages, so that no number is
 * assigned twice.
 */
export function queueUpkeep({ store, limits }: MessageModel): {
  readonly schemaVersion: number
  readonly writtenAt: number
  readonly ttl: number
} {
  const writtenAt = store.now()
  const ttl = toSeconds(writtenAt + limits.retentionMs + 2 * COUNTED_WITHIN_MS)
  return { schemaVersion: queueShapes.current, writtenAt, ttl }
}

/** Messages in order, from the first one requested. */
export interface Portion {
  readonly items: MessageItem[]
  /** Whether there are no more. */
  readonly isAll: boolean
}

/**
 * The messages after a number, in order, strongly consistent.
 * @param isEnough called after each page of up to 1 MB, whether to stop before there are `wanted` messages.
 */
export async function readMessages(
  model: MessageModel,
  recipient: string,
  after: number,
  wanted: number,
  abortSignal: AbortSignal,
  isEnough: (items: readonly MessageItem[]) => boolean = () => false,
): Promise<Portion> {
  const items: MessageItem[] = []
  let cursor: string | null = null
  do {
    const answer: { data: MessageItem[]; cursor: string | null } = await model.messages.query
      .undelivered({ recipient })
      .gt({ sequence: after })
      .go({ ...asThrown, limit: wanted - items.length, cursor, consistent: true, abortSignal })
    items.push(...answer.data.map(messageShapes.upcast))
    cursor = answer.cursor
  } while (cursor !== null && items.length < wanted && !isEnough(items))
  return { items, isAll: cursor === null }
}

/** The expired messages at the head of a queue. */
export interface ExpiredHead {
  readonly count: number
  /** The number of the last of them. */
  readonly through: number
  /** When the last of them to expire did, in milliseconds since 1970. */
  readonly until: number
}

/** How many of the first messages have expired. */
export function expiredHead(items: readonly MessageItem[], now: number): ExpiredHead | undefined {
  const firstLive = items.findIndex((item) => item.expiresAt > now)
  const count = firstLive === -1 ? items.length : firstLive
  const expired = items.slice(0, count)
  const last = expired.at(-1)
  return last && { count, through: last.sequence, until: Math.max(...expired.map(({ expiresAt }) => expiresAt)) }
}

/** The number of messages checked for the oldest unexpired one: first one, as it usually is unexpired, then more. */
const PORTIONS = { first: 1, growth: 8, most: 200 }

/** The messages expired after a number, up to the oldest unexpired one; `oldest` is undefined when all have expired. */
export async function findOldest(
  model: MessageModel,
  recipient: string,
  after: number,
  abortSignal: AbortSignal,
): Promise<ExpiredHead & { readonly oldest: number | undefined }> {
  let count = 0
  let through = after
  let until = 0
  for (let wanted = PORTIONS.first; ; wanted = Math.min(wanted * PORTIONS.growth, PORTIONS.most)) {
    const { items, isAll } = await readMessages(model, recipient, through, wanted, abortSignal)
    const head = expiredHead(items, model.store.now())
    count += head?.count ?? 0
    through = head?.through ?? through
    until = Math.max(until, head?.until ?? 0)
    const oldest = items[head?.count ?? 0]
    if (oldest || isAll) return { count, through, until, oldest: oldest?.sequence }
  }
}

/**
 * The queue as a rejected write returns it. Older servers do not return it: there it is read.
 * @param data of ElectroDB's response.
 */
export async function refusedQueue(
  model: MessageModel,
  recipient: string,
  data: QueueItem | null,
  abortSignal: AbortSignal,
): Promise<QueueItem | undefined> {
  const found = data ?? (await readQueue(model, recipient, abortSignal))
  return found && queueShapes.upcast(found)
}

/** The number of the last message of a queue, 0 where there is none. */
export async function readHighest(model: MessageModel, recipient: string, abortSignal: AbortSignal): Promise<number> {
  const { data } = await model.messages.query
    .undelivered({ recipient })
    .between({ sequence: 0 }, { sequence: Number.MAX_SAFE_INTEGER })
    .go({ ...asThrown, order: 'desc', limit: 1, consistent: true, abortSignal })
  return data[0]?.sequence ?? 0
}

/** The queue, strongly consistent. */
export async function readQueue(
  model: MessageModel,
  recipient: string,
  abortSignal: AbortSignal,
): Promise<QueueItem | undefined> {
  const { data } = await model.queues.get({ recipient }).go({ ...asThrown, consistent: true, abortSignal })
  return data ? queueShapes.upcast(data) : undefined
}
