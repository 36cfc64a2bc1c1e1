import { decodeCursor, encodeCursor } from '../items/cursor.js'
import { OwnAttempts } from '../items/own-attempts.js'
import type { OwnClock } from '../items/own-clock.js'
import { type Page, PageBudget } from '../items/page.js'
import { assertKeyPart } from '../items/storable.js'
import { assertLimit, asThrown, type CallerOptions, call, type Store } from '../items/store.js'
import { enqueue } from './enqueue.js'
import { messageEntity, messageReceiptEntity, queueEntity } from './entity.js'
import { acquireLease, type LeaseAttempt, type LeaseOptions, type MessageLease, newLeaseAttempt } from './lease.js'
import { SeenLeases } from './lease-end.js'
import { checkMessage, type Message, type NewMessage, toMessage, toMessageId, toSequence } from './message.js'
import { findMiscounted } from './miscounted.js'
import { settleReceipt } from './receipt.js'
import { findOldest, type MessageLimits, type MessageModel, readMessages, readQueue } from './storage.js'
import type { Waiters } from './waiters.js'

/** Messages to recipients: a queue for each. */
export interface Messages {
  /**
   * Enqueues a message. Messages that one sender enqueues in sequence reach the recipient in that order, from any
   * process; between concurrent ones the order is undefined. A call that failed with `effect: 'unknown'` may have
   * enqueued: if repeated, the message arrives twice, unless it has an `id`.
   *
   * @throws {MessageQueueFullError} when the recipient does not keep up.
   * @throws {PayloadTooLargeError} before anything is sent.
   */
  enqueue(message: NewMessage, options?: CallerOptions): Promise<{ readonly messageId: string }>
  /**
   * Acquires the right to read a recipient's messages. While one reader holds it, no other gets any; when it ends,
   * delivery restarts with the oldest message that is not acknowledged. Repeated by the same process after its response
   * was lost, it returns the lease that was taken, unless another reader has taken it over since.
   *
   * @throws {RecipientLeasedError} while another connection holds it.
   * @throws {MessageLeaseLostError} when it may have been taken, its response was lost, and another reader has taken it
   * over since.
   */
  lease(recipient: string, options: LeaseOptions): Promise<MessageLease>
  /**
   * Marks a message as delivered: it is removed from the queue. Safe to repeat. Needs no lease, so messages delivered
   * over a lost connection can still be acknowledged.
   *
   * @returns true the first time, also if the response was lost and the same process repeats it; false when it was
   * acknowledged before, never existed, or has long expired.
   */
  acknowledge(recipient: string, messageId: string, options?: CallerOptions): Promise<boolean>
  /**
   * Returns the messages that a recipient has not acknowledged, the oldest first: an inspection that needs no lease.
   */
  undelivered(recipient: string, options?: UndeliveredOptions): Promise<Page<Message>>
  /** Returns the reader of a recipient's messages, and how many have expired undelivered. */
  queue(recipient: string, options?: CallerOptions): Promise<QueueState>
}

export interface UndeliveredOptions extends CallerOptions {
  /** 1 to 1,000; default 100. */
  readonly limit?: number | undefined
  /** The cursor of the page before. */
  readonly cursor?: string | undefined
}

export interface QueueState {
  /** Messages that expired undelivered, since the queue began. */
  readonly expired: number
  /** The lease, while there is one. */
  readonly lease?: { readonly connectionId: string; readonly until: Date }
}

/** A number of a message is at most 2^53 - 1: seven bytes. */
const SEQUENCE_BYTES = 7

export function bindMessages(
  store: Store,
  table: string,
  { clock, limits, waiters }: { readonly clock: OwnClock; readonly limits: MessageLimits; readonly waiters: Waiters },
): Messages {
  const model: MessageModel = {
    store,
    table,
    limits,
    messages: messageEntity(table),
    queues: queueEntity(table),
    receipts: messageReceiptEntity(table),
    clock,
    seenLeases: new SeenLeases(clock),
    waiters,
  }
  for (const entity of [model.messages, model.queues, model.receipts]) entity.setClient(store.document)
  const leases = new OwnAttempts<LeaseAttempt>()
  const acknowledgements = new OwnAttempts<true>()

  return {
    enqueue: (message, { signal } = {}) =>
      call(store, 'messages.enqueue', table, signal, async (abortSignal, record) => {
        const checked = checkMessage(message)
        try {
          return { messageId: toMessageId(await enqueue(model, checked, abortSignal, record)) }
        } finally {
          // Also after a failure, as it may be stored anyway.
          waiters.tell(checked.recipient)
        }
      }),

    lease: (recipient, options) =>
      call(store, 'messages.lease', table, options.signal, async (abortSignal, record) => {
        const { connectionId, takeOver = false } = options
        assertKeyPart(recipient, 'recipient')
        assertKeyPart(connectionId, 'connectionId')
        return leases.during(
          () => JSON.stringify([recipient, connectionId, takeOver]),
          { signal: abortSignal, record },
          newLeaseAttempt,
          (attempt, isRepeated) =>
            acquireLease(model, recipient, options, attempt, { signal: abortSignal, record, isRepeated }),
        )
      }),

    acknowledge: (recipient, messageId, { signal } = {}) =>
      call(store, 'messages.acknowledge', table, signal, async (abortSignal, record) => {
        assertKeyPart(recipient, 'recipient')
        const sequence = toSequence(messageId)
        return acknowledgements.during(
          () => JSON.stringify([recipient, sequence]),
          { signal: abortSignal, record },
          () => true,
          async (_attempt, isRepeated) => {
            await settleReceipt(model, recipient, sequence, abortSignal)
            // A condition rather than the deleted item: of two concurrent deletes AWS's own local engine returns the
            // item to both.
            const answer = await model.messages
              .delete({ recipient, sequence })
              .where((message, { exists }) => exists(message.sequence))
              .go({ ...asThrown, response: 'none', returnOnConditionCheckFailure: true, abortSignal })
            // Deleted by an attempt whose response was lost, as far as can be determined.
            return !answer.rejected || isRepeated || record.possibleWrites > 0
          },
        )
      }),

    undelivered: (recipient, options = {}) =>
      call(store, 'messages.undelivered', table, options.signal, async (abortSignal) => {
        assertKeyPart(recipient, 'recipient')
        const limit = assertLimit(options.limit ?? 100)
        const binding = ['undelivered', recipient]
        const { cursor } = options
        const after = cursor === undefined ? 0 : Number.parseInt(decodeCursor(binding, cursor, SEQUENCE_BYTES), 16)
        const found: Message[] = []
        let isWhole = false
        using budget = new PageBudget(store.settings.timeoutMs)
        // Reading one item more than requested shows whether there is a next page.
        for (let from = after; found.length <= limit && !isWhole; ) {
          if (found.length > 0 && budget.isSpent) break
          const wanted = limit + 1 - found.length
          const reading = readMessages(model, recipient, from, wanted, abortSignal, () => true)
          const portion = found.length > 0 ? await budget.unlessLate(reading) : await reading
          if (!portion) break
          budget.count({ isCut: !portion.isAll && portion.items.length < wanted })
          found.push(...portion.items.filter(({ expiresAt }) => expiresAt > store.now()).map(toMessage))
          from = portion.items.at(-1)?.sequence ?? from
          isWhole = portion.isAll
        }
        const items = found.slice(0, limit)
        const last = items.at(-1)
        if ((found.length <= limit && isWhole) || !last) return { items }
        const place = toSequence(last.messageId).toString(16)
        return { items, cursor: encodeCursor(binding, place.padStart(SEQUENCE_BYTES * 2, '0')) }
      }),

    queue: (recipient, { signal } = {}) =>
      call(store, 'messages.queue', table, signal, async (abortSignal) => {
        assertKeyPart(recipient, 'recipient')
        const queue = await readQueue(model, recipient, abortSignal)
        if (!queue) return { expired: 0 }
        const { expired = 0, expiredThrough = 0, leaseId, connectionId } = queue
        const miscounted = await findMiscounted(model, recipient, queue, abortSignal)
        const through = miscounted?.through ?? expiredThrough
        const uncounted = await findOldest(model, recipient, through, abortSignal)
        const isLeased = leaseId !== undefined && !model.seenLeases.isOver(recipient, queue, limits.leaseMs)
        return {
          expired: Math.max(0, expired - (miscounted?.count ?? 0)) + uncounted.count,
          ...(isLeased && connectionId !== undefined
            ? { lease: { connectionId, until: new Date(model.seenLeases.endOf(queue)) } }
            : {}),
        }
      }),
  }
}
