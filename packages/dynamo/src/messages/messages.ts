import { decodeCursor, encodeCursor } from '../items/cursor.js'
import { type Page, PageBudget } from '../items/page.js'
import { assertKeyPart } from '../items/storable.js'
import { assertLimit, asThrown, type CallerOptions, call, type Store } from '../items/store.js'
import { enqueue } from './enqueue.js'
import { messageEntity, queueEntity } from './entity.js'
import { acquireLease, type LeaseOptions, type MessageLease } from './lease.js'
import { checkMessage, type Message, type NewMessage, toMessage, toMessageId, toSequence } from './message.js'
import { findOldest, type MessageLimits, type MessageModel, readMessages, readQueue } from './storage.js'

/** Messages on their way to recipients: a queue for each. */
export interface Messages {
  /**
   * Enqueues a message. Those that one sender enqueues one after another reach the recipient in that order, from whichever process; between
   * concurrent ones no order is promised. A call that failed with `effect: 'unknown'` may have enqueued: repeated, it comes twice.
   *
   * @throws {MessageQueueFullError} when the recipient does not keep up.
   * @throws {PayloadTooLargeError} before anything is sent.
   */
  enqueue(message: NewMessage, options?: CallerOptions): Promise<{ readonly messageId: string }>
  /**
   * The right to read a recipient's messages. While one reader has it, nobody else gets any; when it ends, delivery begins again with the oldest
   * message that is not acknowledged.
   *
   * @throws {RecipientLeasedError} while another connection has it.
   */
  lease(recipient: string, options: LeaseOptions): Promise<MessageLease>
  /**
   * Marks a message as delivered: it is gone from the queue. Safe to repeat. Needs no lease, so what a lost connection had delivered can
   * still be acknowledged.
   *
   * @returns true the first time; false when it was acknowledged before, never was, or is long expired.
   */
  acknowledge(recipient: string, messageId: string, options?: CallerOptions): Promise<boolean>
  /** What a recipient has not acknowledged, the oldest first: for a look, by anybody, without a lease. */
  undelivered(recipient: string, options?: UndeliveredOptions): Promise<Page<Message>>
  /** Who reads a recipient's messages, and how many have expired undelivered. */
  queue(recipient: string, options?: CallerOptions): Promise<QueueState>
}

export interface UndeliveredOptions extends CallerOptions {
  /** 1 to 1,000; default 100. */
  readonly limit?: number | undefined
  /** Of the page before. */
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

export function bindMessages(store: Store, table: string, limits: MessageLimits): Messages {
  const model: MessageModel = {
    store,
    table,
    limits,
    messages: messageEntity(table),
    queues: queueEntity(table),
  }
  model.messages.setClient(store.document)
  model.queues.setClient(store.document)

  return {
    enqueue: (message, { signal } = {}) =>
      call(store, 'messages.enqueue', table, signal, async (abortSignal) => {
        return { messageId: toMessageId(await enqueue(model, checkMessage(message), abortSignal)) }
      }),

    lease: (recipient, options) =>
      call(store, 'messages.lease', table, options.signal, async (abortSignal) => {
        assertKeyPart(recipient, 'recipient')
        assertKeyPart(options.connectionId, 'connectionId')
        return acquireLease(model, recipient, options, abortSignal)
      }),

    acknowledge: (recipient, messageId, { signal } = {}) =>
      call(store, 'messages.acknowledge', table, signal, async (abortSignal) => {
        assertKeyPart(recipient, 'recipient')
        const sequence = toSequence(messageId)
        // A condition, and not a look at what was deleted: of two at once AWS's own local engine shows the item to both.
        const answer = await model.messages
          .delete({ recipient, sequence })
          .where((message, { exists }) => exists(message.sequence))
          .go({ ...asThrown, response: 'none', returnOnConditionCheckFailure: true, abortSignal })
        return !answer.rejected
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
        // One more than asked tells whether there is a next page.
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
        const { expired = 0, expiredThrough = 0, connectionId, leasedUntil = 0 } = queue
        const uncounted = await findOldest(model, recipient, expiredThrough, abortSignal)
        const isLeased = connectionId !== undefined && leasedUntil > store.now()
        return {
          expired: expired + uncounted.count,
          ...(isLeased ? { lease: { connectionId, until: new Date(leasedUntil) } } : {}),
        }
      }),
  }
}
