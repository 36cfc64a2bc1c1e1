import { defined } from '@miyabi/core'
import { DynamoInputError } from '../errors/errors.js'
import { toPayload } from '../items/payload.js'
import { assertKeyPart } from '../items/storable.js'
import type { MessageItem } from './entity.js'
import { type MessageType, messageTypes, SEQUENCE_DIGITS } from './types.js'

/** A message to send. */
export interface NewMessage {
  /** The recipient, under a name that outlives a connection: a user or a session. */
  readonly recipient: string
  readonly messageType: MessageType
  /** A plain object of JSON values, up to 380 KB. */
  readonly payload?: object | undefined
  /** The connection it was meant for, if there was one. */
  readonly connectionId?: string | undefined
  /**
   * The sender's id of this message, unique for the recipient, up to 512 bytes: a second arrival of the same message
   * changes nothing and returns the same result, from any process, for as long as receipts are kept
   * (`retention.receiptsMs`).
   */
  readonly id?: string | undefined
}

/** A message as it is stored. */
export interface Message {
  /** Its place in the recipient's queue, 16 digits: in the order of delivery, unique for the recipient. */
  readonly messageId: string
  readonly recipient: string
  readonly messageType: MessageType
  readonly payload: Record<string, unknown>
  readonly connectionId?: string
  readonly enqueuedAt: Date
  /** From this time on it is no longer delivered. */
  readonly expiresAt: Date
}

/**
 * A copy of the message to send, unaffected by later changes to the caller's object.
 * @throws {DynamoInputError}, {DynamoValueError} or {PayloadTooLargeError} naming the member that cannot be sent.
 */
export function checkMessage(message: NewMessage): NewMessage {
  assertKeyPart(message.recipient, 'recipient')
  if (!messageTypes.includes(message.messageType)) {
    throw new DynamoInputError('messageType', `is not one of ${messageTypes.join(', ')}`)
  }
  if (message.connectionId !== undefined) assertKeyPart(message.connectionId, 'connectionId')
  // It shares the key with the recipient, so its length is limited.
  if (message.id !== undefined) assertKeyPart(message.id, 'id', 512)
  return { ...message, payload: toPayload(message.payload, 'payload') }
}

const MESSAGE_ID = new RegExp(`^\\d{${SEQUENCE_DIGITS}}$`)

export const toMessageId = (sequence: number): string => String(sequence).padStart(SEQUENCE_DIGITS, '0')

/** @throws {DynamoInputError} when it is not the id of a message. */
export function toSequence(messageId: string): number {
  const sequence = Number(messageId)
  if (MESSAGE_ID.test(messageId) && Number.isSafeInteger(sequence)) return sequence
  throw new DynamoInputError('messageId', `is not the id of a message; expected ${SEQUENCE_DIGITS} digits`)
}

/** An item as ElectroDB reads it, in the form returned to callers. */
export function toMessage(item: MessageItem): Message {
  return {
    messageId: toMessageId(item.sequence),
    recipient: item.recipient,
    messageType: item.messageType,
    payload: (item.payload ?? {}) as Record<string, unknown>,
    ...defined({ connectionId: item.connectionId }),
    enqueuedAt: new Date(item.enqueuedAt),
    expiresAt: new Date(item.expiresAt),
  }
}
