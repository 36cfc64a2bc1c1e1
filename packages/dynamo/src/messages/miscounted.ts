import type { MessageItem, QueueItem } from './entity.js'
import { expiredHead, type MessageModel, readMessages } from './storage.js'

/** Messages that were counted as expired by a process whose clock was ahead, and have not expired. */
export interface Miscounted {
  /** How many of the counted messages must not be counted yet. */
  readonly count: number
  /** Up to this number they are counted correctly. */
  readonly through: number
}

/** The most messages checked in one read. */
const PORTION = 200

/** Which of a queue's expired messages have not expired; undefined if its count is not in doubt. */
export async function findMiscounted(
  model: MessageModel,
  recipient: string,
  { expiredThrough, countedUntil }: Pick<QueueItem, 'expiredThrough' | 'countedUntil'>,
  abortSignal: AbortSignal,
): Promise<Miscounted | undefined> {
  if (expiredThrough === undefined || countedUntil === undefined || countedUntil <= model.store.now()) return undefined
  const items: MessageItem[] = []
  for (let from = 0; ; ) {
    const portion = await readMessages(model, recipient, from, PORTION, abortSignal)
    items.push(...portion.items.filter(({ sequence }) => sequence <= expiredThrough))
    from = portion.items.at(-1)?.sequence ?? from
    if (portion.isAll || from >= expiredThrough) break
  }
  const { count = 0 } = expiredHead(items, model.store.now()) ?? {}
  const oldest = items[count]
  return oldest ? { count: items.length - count, through: oldest.sequence - 1 } : { count: 0, through: expiredThrough }
}

/**
 * Reverts the miscount, so that the messages are delivered. Otherwise a clock that was ahead for a moment would hide
 * messages permanently.
 * @returns the queue with the corrected count; undefined when another process counted meanwhile.
 */
export async function recount(
  model: MessageModel,
  queue: QueueItem,
  abortSignal: AbortSignal,
): Promise<QueueItem | undefined> {
  const { recipient, expiredThrough, countedUntil, expired = 0, expiredTold = 0 } = queue
  const found = await findMiscounted(model, recipient, queue, abortSignal)
  if (!found || expiredThrough === undefined || countedUntil === undefined) return queue
  const counted = Math.max(0, expired - found.count)
  const changes = {
    expiredThrough: found.through,
    expired: counted,
    expiredTold: Math.min(expiredTold, counted),
    countedUntil: model.store.now(),
    writtenAt: model.store.now(),
  }
  const answer = await model.queues
    .update({ recipient })
    .set(changes)
    .where(
      (stored, { eq }) => `${eq(stored.expiredThrough, expiredThrough)} AND ${eq(stored.countedUntil, countedUntil)}`,
    )
    .go({ originalErr: true, response: 'none', returnOnConditionCheckFailure: true, abortSignal })
  return answer.rejected ? undefined : { ...queue, ...changes }
}
