import type { EntityItem } from 'electrodb'
import { type MessageEntity, type MessageType, messageTypes } from '../entities/message.js'
import { DynamoInputError } from '../errors.js'
import { assertId, idTime } from '../ids.js'
import { assertKeyPart, assertPayload } from '../storable.js'

export type { MessageType }

/** A message to send. */
export interface NewMessage {
  /** Whoever it is for, under a name that outlives a connection: a user or a session. */
  readonly recipient: string
  readonly messageType: MessageType
  /** A plain object of what JSON can carry, up to 380 KB. */
  readonly payload?: object | undefined
  /** The connection it was meant for, where there was one. */
  readonly connectionId?: string | undefined
  /** An id made before, for a message that may have been enqueued already. Default: a new one. */
  readonly messageId?: string | undefined
}

/** A message as it is stored. */
export interface Message {
  /** A UUIDv7: unique, in the order of enqueueing. */
  readonly messageId: string
  readonly recipient: string
  readonly messageType: MessageType
  readonly payload: Record<string, unknown>
  readonly connectionId?: string
  readonly enqueuedAt: Date
}

/** @throws {DynamoInputError} or {DynamoValueError} naming the member that cannot be sent. */
export function assertMessage(message: NewMessage): void {
  assertKeyPart(message.recipient, 'recipient')
  if (!messageTypes.includes(message.messageType)) {
    throw new DynamoInputError('messageType', `is none of ${messageTypes.join(', ')}`)
  }
  const { payload, connectionId, messageId } = message
  if (payload !== undefined && (payload === null || Array.isArray(payload))) {
    throw new DynamoInputError('payload', 'is not an object')
  }
  assertPayload(payload, 'payload')
  if (connectionId !== undefined) assertKeyPart(connectionId, 'connectionId')
  if (messageId !== undefined) assertId(messageId, 'messageId')
}

/** An item as ElectroDB reads it, in the form callers get. */
export function toMessage(item: EntityItem<MessageEntity>): Message {
  return {
    messageId: item.messageId,
    recipient: item.recipient,
    messageType: item.messageType,
    payload: (item.payload ?? {}) as Record<string, unknown>,
    ...(item.connectionId === undefined ? {} : { connectionId: item.connectionId }),
    enqueuedAt: new Date(idTime(item.messageId)),
  }
}
