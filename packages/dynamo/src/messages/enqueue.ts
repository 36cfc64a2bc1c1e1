import { randomBytes } from 'node:crypto'
import { defined } from '@miyabi/core'
import type { CallRecord } from '../errors/call-record.js'
import { asThrown } from '../items/store.js'
import { type MessageItem, messageShapes, type QueueItem } from './entity.js'
import { MessageQueueFullError } from './errors.js'
import type { NewMessage } from './message.js'
import { recount } from './miscounted.js'
import { readMessageReceipt } from './receipt.js'
import { findOldest, type MessageModel, messageTtl, queueUpkeep, readHighest, refusedQueue } from './storage.js'
import { storeInSteps } from './store-in-steps.js'
import { storeInTransaction } from './store-in-transaction.js'

/**
 * Assigns a message the next number of its recipient's queue, then stores it under that number. A sender that enqueues
 * two messages in sequence gets a higher number for the second, from any process. A crash between the two steps leaves
 * a number without a message.
 *
 * A repetition of the second write must not restore a message that was delivered and acknowledged meanwhile. So it is a
 * transaction, which DynamoDB executes once no matter how often it arrives, or it relies on a receipt.
 *
 * @throws {MessageQueueFullError}
 */
export async function enqueue(
  model: MessageModel,
  message: NewMessage,
  abortSignal: AbortSignal,
  record: CallRecord,
): Promise<number> {
  const { recipient, messageType, payload, connectionId, id } = message
  const store = model.store.settings.transactions ? storeInTransaction : storeInSteps
  const known = await readMessageReceipt(model, recipient, id, abortSignal)
  if (known?.isStored) return known.sequence
  const enqueuedAt = model.store.now()
  const expiresAt = enqueuedAt + model.limits.retentionMs
  // A transaction recognizes its own repetition.
  const sendId = model.store.settings.transactions ? undefined : randomBytes(6).toString('base64url')
  for (;;) {
    const sequence = known?.sequence ?? (await nextSequence(model, recipient, abortSignal))
    const item: MessageItem = {
      recipient,
      sequence,
      messageType,
      ...defined({ payload, connectionId, id, sendId }),
      enqueuedAt,
      writtenAt: enqueuedAt,
      expiresAt,
      schemaVersion: messageShapes.current,
      ttl: messageTtl(expiresAt),
    }
    const stored = await store(model, item, abortSignal, record)
    if (stored !== undefined) return stored
    // The number was another message's: the queue had been lost, and restarted below it.
    await skipTaken(model, recipient, abortSignal)
  }
}

/** Continues with the numbers above the highest message. */
async function skipTaken(model: MessageModel, recipient: string, abortSignal: AbortSignal): Promise<void> {
  const highest = await readHighest(model, recipient, abortSignal)
  await model.queues
    .update({ recipient })
    .set({ sequence: highest, highest: highest + model.limits.maxQueued, writtenAt: model.store.now() })
    .where(({ sequence }, { lt }) => lt(sequence, highest))
    .go({ ...asThrown, response: 'none', returnOnConditionCheckFailure: true, abortSignal })
}

async function nextSequence(model: MessageModel, recipient: string, abortSignal: AbortSignal): Promise<number> {
  const first = await allocate(model, recipient, abortSignal)
  if (typeof first === 'number') return first
  const queue = first && (await recount(model, first, abortSignal))
  if (queue && (await makeRoom(model, queue, abortSignal))) {
    const second = await allocate(model, recipient, abortSignal)
    if (typeof second === 'number') return second
  }
  throw new MessageQueueFullError(recipient, model.limits.maxQueued)
}

/** Returns the next number, or the queue that has no room; undefined when it no longer exists. */
async function allocate(
  model: MessageModel,
  recipient: string,
  abortSignal: AbortSignal,
): Promise<number | QueueItem | undefined> {
  const { schemaVersion, writtenAt, ttl } = queueUpkeep(model)
  // A new queue numbers from the microseconds since 1970: above every number of a queue that expired before.
  const start = Math.min(writtenAt * 1000, HIGHEST_START)
  const answer = await model.queues
    .update({ recipient })
    .data((queue, { add, ifNotExists, set }) => {
      add(queue.sequence, 1, start)
      ifNotExists(queue.highest, start + model.limits.maxQueued)
      set(queue.writtenAt, writtenAt)
      set(queue.schemaVersion, schemaVersion)
      set(queue.ttl, ttl)
    })
    .where(
      ({ sequence, highest }, { name, notExists }) => `${notExists(highest)} OR ${name(sequence)} < ${name(highest)}`,
    )
    .go({ ...asThrown, response: 'updated_old', returnOnConditionCheckFailure: 'all_old', abortSignal })
  if (answer.rejected) return refusedQueue(model, recipient, answer.data, abortSignal)
  const before = answer.data
  if ((before?.ttl ?? 0) > ttl + TTL_SLACK_SECONDS) await keepTtl(model, recipient, { ttl, before }, abortSignal)
  return (before?.sequence ?? start) + 1
}

/** A number that leaves room for many more. */
const HIGHEST_START = 2 ** 52

/** How far senders may set a queue's expiry back: it lies days behind that of its messages. */
const TTL_SLACK_SECONDS = 3600

/**
 * Corrects a queue's expiry that a process with a slow clock has set back: messages that outlive their queue would lose
 * their place.
 */
async function keepTtl(
  model: MessageModel,
  recipient: string,
  { ttl, before }: { readonly ttl: number; readonly before: Partial<QueueItem> | null },
  abortSignal: AbortSignal,
): Promise<void> {
  await model.queues
    .update({ recipient })
    .set({ ttl: before?.ttl ?? ttl })
    .where((queue, { eq }) => eq(queue.ttl, ttl))
    .go({ ...asThrown, response: 'none', returnOnConditionCheckFailure: true, abortSignal })
}

/**
 * Moves the end of a full queue to the limit that its oldest live message allows, and counts what has expired before
 * it.
 * @returns whether there is room.
 */
async function makeRoom(model: MessageModel, queue: QueueItem, abortSignal: AbortSignal): Promise<boolean> {
  const { recipient, sequence = 0, highest = 0, expiredThrough = 0 } = queue
  const { count, through, until, oldest } = await findOldest(model, recipient, expiredThrough, abortSignal)
  const end = (oldest ?? sequence + 1) - 1 + model.limits.maxQueued
  if (end > highest || count > 0) {
    await model.queues
      .update({ recipient })
      .data((stored, { add, set }) => {
        set(stored.highest, Math.max(end, highest))
        set(stored.writtenAt, model.store.now())
        if (count > 0) {
          set(stored.expiredThrough, through)
          set(stored.countedUntil, Math.max(until, queue.countedUntil ?? 0))
          add(stored.expired, count)
        }
      })
      // Two processes may count at the same time: the second finds the mark moved.
      .where(({ expiredThrough: mark }, { eq, notExists }) =>
        queue.expiredThrough === undefined ? notExists(mark) : eq(mark, queue.expiredThrough),
      )
      .go({ ...asThrown, response: 'none', returnOnConditionCheckFailure: true, abortSignal })
  }
  return end > sequence
}
