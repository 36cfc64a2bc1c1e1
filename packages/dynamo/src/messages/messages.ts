import type { EntityItem } from 'electrodb'
import { decodeCursor, encodeCursor } from '../cursor.js'
import { type MessageEntity, messageEntity } from '../entities/message.js'
import { DynamoInputError } from '../errors.js'
import { assertId, ID_BYTES, type IdSource, idCeiling, idFloor, idFromHex, idTime, idToHex } from '../ids.js'
import type { Page } from '../page.js'
import { assertKeyPart } from '../storable.js'
import { assertLimit, type CallerOptions, call, type Store, toSeconds } from '../store.js'
import { assertMessage, type Message, type NewMessage, toMessage } from './message.js'

/** Messages on their way to recipients. */
export interface Messages {
  /**
   * Enqueues a message. Messages that one process enqueues one after another are in that order.
   *
   * @returns `duplicate` when a message of that id is stored already, which only a message with a `messageId` of its own, or a lost answer,
   *   can bring about.
   */
  enqueue(
    message: NewMessage,
    options?: CallerOptions,
  ): Promise<{ readonly messageId: string; readonly duplicate: boolean }>
  /**
   * What a recipient has not yet acknowledged, the oldest first. Delivery is at least once: whatever is not acknowledged
   * comes again. The cost is that of the messages returned, however many were delivered before. Read from an index, which on AWS lags a moment behind.
   */
  undelivered(recipient: string, options?: UndeliveredOptions): Promise<Page<Message>>
  /**
   * Marks a message as delivered. Safe to repeat.
   * @returns true the first time; false when it was acknowledged before, has expired, or never was.
   */
  acknowledge(recipient: string, messageId: string, options?: CallerOptions): Promise<boolean>
}

export interface UndeliveredOptions extends CallerOptions {
  /** 1 to 1,000; default 100. */
  readonly limit?: number | undefined
  /** Of the page before. */
  readonly cursor?: string | undefined
}

const SCHEMA_VERSION = 1

export interface MessageModel {
  readonly ids: IdSource
  /** How long a message is kept. */
  readonly retentionMs: number
}

export function bindMessages(store: Store, table: string, { ids, retentionMs }: MessageModel): Messages {
  const entity: MessageEntity = messageEntity(table)
  entity.setClient(store.document)

  return {
    enqueue: (message, { signal } = {}) =>
      call(store, 'messages.enqueue', table, signal, async (abortSignal) => {
        assertMessage(message)
        const messageId = message.messageId ?? ids.next()
        const ttl = toSeconds(idTime(messageId) + retentionMs)
        if (ttl <= toSeconds(store.now())) {
          throw new DynamoInputError('messageId', 'lies further back than messages are kept; it would expire at once')
        }
        const answer = await entity
          .create({
            recipient: message.recipient,
            messageId,
            messageType: message.messageType,
            ...(message.payload === undefined ? {} : { payload: message.payload }),
            ...(message.connectionId === undefined ? {} : { connectionId: message.connectionId }),
            delivery: 'pending',
            schemaVersion: SCHEMA_VERSION,
            ttl,
          })
          .go({ response: 'none', returnOnConditionCheckFailure: true, abortSignal })
        return { messageId, duplicate: answer.rejected }
      }),

    undelivered: (recipient, options = {}) =>
      call(store, 'messages.undelivered', table, options.signal, async (abortSignal) => {
        assertKeyPart(recipient, 'recipient')
        const limit = assertLimit(options.limit ?? 100)
        const binding = ['undelivered', recipient]
        const now = store.now()
        // The id holds the time, so the expired are left out by the key and cost nothing, even before they are deleted.
        let low = idFloor(Math.max(0, now - retentionMs))
        if (options.cursor !== undefined) low = idFromHex(decodeCursor(binding, options.cursor, ID_BYTES))
        const items: Message[] = []
        let cursor: string | null = null
        do {
          const answer: { data: EntityItem<MessageEntity>[]; cursor: string | null } = await entity.query
            .undelivered({ recipient, delivery: 'pending' })
            .between({ messageId: low }, { messageId: idCeiling(2 ** 48 - 1) })
            .go({ order: 'asc', limit: limit + 2 - items.length, cursor, abortSignal })
          const live = answer.data.filter((item) => item.ttl > toSeconds(now))
          items.push(...live.map(toMessage).filter(({ messageId }) => messageId !== low))
          cursor = answer.cursor
        } while (cursor !== null && items.length <= limit)
        const page = items.slice(0, limit)
        const last = page.at(-1)
        return items.length > limit && last
          ? { items: page, cursor: encodeCursor(binding, idToHex(last.messageId)) }
          : { items: page }
      }),

    acknowledge: (recipient, messageId, { signal } = {}) =>
      call(store, 'messages.acknowledge', table, signal, async (abortSignal) => {
        assertKeyPart(recipient, 'recipient')
        assertId(messageId, 'messageId')
        const answer = await entity
          .patch({ recipient, messageId })
          .set({ delivery: 'delivered', deliveredAt: store.now() })
          .where((stored, { eq }) => eq(stored.delivery, 'pending'))
          .go({ response: 'none', returnOnConditionCheckFailure: true, abortSignal })
        return !answer.rejected
      }),
  }
}
