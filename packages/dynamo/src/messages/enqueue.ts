import { asThrown } from '../items/store.js'
import { messageShapes, type QueueItem } from './entity.js'
import { MessageQueueFullError } from './errors.js'
import type { NewMessage } from './message.js'
import { findOldest, type MessageModel, messageTtl, queueUpkeep, refusedQueue } from './storage.js'

/**
 * Gives a message the next number of its recipient's queue, then stores it under that number. Whoever enqueues two messages one after
 * another gets a higher number for the second, from whichever process. A crash between the two leaves a number without a message.
 *
 * @throws {MessageQueueFullError}
 */
export async function enqueue(model: MessageModel, message: NewMessage, abortSignal: AbortSignal): Promise<number> {
  const { recipient, messageType, payload, connectionId } = message
  const sequence = await nextSequence(model, recipient, abortSignal)
  const enqueuedAt = model.store.now()
  const expiresAt = enqueuedAt + model.limits.retentionMs
  // Without a condition: the number is ours alone, so a repeated request stores the same again.
  await model.messages
    .put({
      recipient,
      sequence,
      messageType,
      ...(payload === undefined ? {} : { payload }),
      ...(connectionId === undefined ? {} : { connectionId }),
      enqueuedAt,
      expiresAt,
      schemaVersion: messageShapes.current,
      ttl: messageTtl(expiresAt),
    })
    .go({ ...asThrown, response: 'none', abortSignal })
  return sequence
}

async function nextSequence(model: MessageModel, recipient: string, abortSignal: AbortSignal): Promise<number> {
  const first = await allocate(model, recipient, abortSignal)
  if (typeof first === 'number') return first
  if (first && (await makeRoom(model, first, abortSignal))) {
    const second = await allocate(model, recipient, abortSignal)
    if (typeof second === 'number') return second
  }
  throw new MessageQueueFullError(recipient, model.limits.maxQueued)
}

/** The next number, or the queue that has no room; undefined when it is gone by now. */
async function allocate(
  model: MessageModel,
  recipient: string,
  abortSignal: AbortSignal,
): Promise<number | QueueItem | undefined> {
  // A new queue numbers from the microseconds since 1970: above every number of a queue that has expired before.
  const start = model.store.now() * 1000
  const { schemaVersion, ttl } = queueUpkeep(model)
  const answer = await model.queues
    .update({ recipient })
    .data((queue, { add, ifNotExists, set }) => {
      add(queue.sequence, 1, start)
      ifNotExists(queue.highest, start + model.limits.maxQueued)
      set(queue.schemaVersion, schemaVersion)
      set(queue.ttl, ttl)
    })
    .where(
      ({ sequence, highest }, { name, notExists }) => `${notExists(highest)} OR ${name(sequence)} < ${name(highest)}`,
    )
    .go({ ...asThrown, response: 'updated_new', returnOnConditionCheckFailure: 'all_old', abortSignal })
  if (answer.rejected) return refusedQueue(model, recipient, answer.data, abortSignal)
  return answer.data.sequence
}

/**
 * Moves the end of a full queue to where its oldest live message allows, and counts what has expired before that.
 * @returns whether there is room.
 */
async function makeRoom(model: MessageModel, queue: QueueItem, abortSignal: AbortSignal): Promise<boolean> {
  const { recipient, sequence = 0, highest = 0, expiredThrough = 0 } = queue
  const { count, through, oldest } = await findOldest(model, recipient, expiredThrough, abortSignal)
  const end = (oldest ?? sequence + 1) - 1 + model.limits.maxQueued
  if (end > highest || count > 0) {
    await model.queues
      .update({ recipient })
      .data((stored, { add, set }) => {
        set(stored.highest, Math.max(end, highest))
        if (count > 0) {
          set(stored.expiredThrough, through)
          add(stored.expired, count)
        }
      })
      // Two may count at once: the second finds the mark moved.
      .where(({ expiredThrough: mark }, { eq, notExists }) =>
        queue.expiredThrough === undefined ? notExists(mark) : eq(mark, queue.expiredThrough),
      )
      .go({ ...asThrown, response: 'none', returnOnConditionCheckFailure: true, abortSignal })
  }
  return end > sequence
}
