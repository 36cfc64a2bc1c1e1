import { asThrown, type Store, toSeconds } from '../items/store.js'
import type { MessageEntity, MessageItem, QueueEntity, QueueItem } from './entity.js'
import { messageShapes, queueShapes } from './entity.js'
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

/** Messages in order, from the first that were asked for. */
export interface Portion {
  readonly items: MessageItem[]
  /** Whether there are no more. */
  readonly isAll: boolean
}

/**
 * The messages after a number, in order, strongly consistent.
 * @param isEnough asked after each page of up to 1 MB, whether to stop before there are `wanted` messages.
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
}

/** How many of the first messages have expired. */
export function expiredHead(items: readonly MessageItem[], now: number): ExpiredHead | undefined {
  const firstLive = items.findIndex((item) => item.expiresAt > now)
  const count = firstLive === -1 ? items.length : firstLive
  const last = items[count - 1]
  return last && { count, through: last.sequence }
}

/** So many messages are looked at for the oldest that has not expired: one, as it usually has not, then more. */
const PORTIONS = { first: 1, growth: 8, most: 200 }

/** What has expired after a number, up to the oldest message that has not; `oldest` is undefined when all have. */
export async function findOldest(
  model: MessageModel,
  recipient: string,
  after: number,
  abortSignal: AbortSignal,
): Promise<ExpiredHead & { readonly oldest: number | undefined }> {
  let count = 0
  let through = after
  for (let wanted = PORTIONS.first; ; wanted = Math.min(wanted * PORTIONS.growth, PORTIONS.most)) {
    const { items, isAll } = await readMessages(model, recipient, through, wanted, abortSignal)
    const head = expiredHead(items, model.store.now())
    count += head?.count ?? 0
    through = head?.through ?? through
    const oldest = items[head?.count ?? 0]
    if (oldest || isAll) return { count, through, oldest: oldest?.sequence }
  }
}

/**
 * The queue as a refused write shows it. Older servers do not show it: there it is read.
 * @param data of ElectroDB's answer.
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

/** The queue, strongly consistent. */
export async function readQueue(
  model: MessageModel,
  recipient: string,
  abortSignal: AbortSignal,
): Promise<QueueItem | undefined> {
  const { data } = await model.queues.get({ recipient }).go({ ...asThrown, consistent: true, abortSignal })
  return data ? queueShapes.upcast(data) : undefined
}
