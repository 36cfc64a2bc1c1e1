import { Entity, type EntityItem } from 'electrodb'
import { itemShapes } from '../items/schema-version.js'
import { messageTypes, SEQUENCE_DIGITS } from './types.js'

/**
 * One message on its way to a recipient. Keys: `pk` `$mb#recipient_<recipient>`, `sk` `$msg_1#sequence_<16 digits>`.
 *
 * An acknowledged message is deleted, so a recipient's partition holds what is undelivered, in order, and can be read
 * strongly consistently: no index could.
 */
export function messageEntity(table: string) {
  return new Entity(
    {
      model: { service: 'mb', entity: 'msg', version: '1' },
      attributes: {
        recipient: { type: 'string', required: true },
        /** Its place in the recipient's queue. */
        sequence: { type: 'number', required: true, padding: { length: SEQUENCE_DIGITS, char: '0' } },
        messageType: { type: messageTypes, required: true },
        payload: { type: 'any' },
        connectionId: { type: 'string' },
        /** Milliseconds since 1970. */
        enqueuedAt: { type: 'number', required: true },
        /** When it was written, in milliseconds since 1970, by the clock of whoever wrote it. */
        writtenAt: { type: 'number', required: true },
        /** The sender's own, of one message. */
        id: { type: 'string' },
        /** Random, of one enqueueing: tells a sender whose answer was lost that the stored message is its own. */
        sendId: { type: 'string' },
        /** From then on it is not delivered any more. Milliseconds since 1970. */
        expiresAt: { type: 'number', required: true },
        schemaVersion: { type: 'number', required: true },
        /**
         * When DynamoDB may delete it, in seconds since 1970: some time after its expiry, so that the expiry can be
         * counted.
         */
        ttl: { type: 'number', required: true },
      },
      indexes: {
        undelivered: {
          pk: { field: 'pk', composite: ['recipient'], casing: 'none' },
          sk: { field: 'sk', composite: ['sequence'], casing: 'none' },
        },
      },
    } as const,
    { table },
  )
}

/**
 * What there is once for each recipient: the numbering of the messages, who reads them, and how many expired. Keys:
 * `pk` as above, `sk` `$queue_1`.
 */
export function queueEntity(table: string) {
  return new Entity(
    {
      model: { service: 'mb', entity: 'queue', version: '1' },
      attributes: {
        recipient: { type: 'string', required: true },
        /** The last number given to a message. */
        sequence: { type: 'number' },
        /** No number beyond this one is given: the queue is full. */
        highest: { type: 'number' },
        /** Every message up to this number was delivered or has expired and been counted. */
        expiredThrough: { type: 'number' },
        /**
         * When the last of those expires by its own account: while that lies ahead, whoever counted had a clock that
         * was ahead.
         */
        countedUntil: { type: 'number' },
        /** How many messages expired undelivered. */
        expired: { type: 'number' },
        /** How many of those a reader has been told of. */
        expiredTold: { type: 'number' },
        /** Of the reader that holds the lease. */
        leaseId: { type: 'string' },
        connectionId: { type: 'string' },
        /**
         * When the lease ends by the clock of the reader, and when it does by the server's, in milliseconds since 1970.
         */
        leasedUntil: { type: 'number' },
        serverUntil: { type: 'number' },
        /** How long it lasts from the last sign of the reader. */
        leaseMs: { type: 'number' },
        /** When it was written last, in milliseconds since 1970, by the clock of whoever wrote it. */
        writtenAt: { type: 'number', required: true },
        schemaVersion: { type: 'number', required: true },
        /** Seconds since 1970; later than that of any message. */
        ttl: { type: 'number', required: true },
      },
      indexes: {
        queue: {
          pk: { field: 'pk', composite: ['recipient'], casing: 'none' },
          sk: { field: 'sk', composite: [], casing: 'none' },
        },
      },
    } as const,
    { table },
  )
}

/**
 * What is remembered of a message with an id of its sender's. Keys: `pk` as above, `sk` `$enq_1#id_<id>`: before the
 * messages, so that no reading of those meets it.
 */
export function messageReceiptEntity(table: string) {
  return new Entity(
    {
      model: { service: 'mb', entity: 'enq', version: '1' },
      attributes: {
        recipient: { type: 'string', required: true },
        id: { type: 'string', required: true },
        sequence: { type: 'number', required: true },
        /** Without transactions: whether it is certain that the message was stored, so that it is not stored again. */
        isStored: { type: 'boolean', required: true },
        writtenAt: { type: 'number', required: true },
        schemaVersion: { type: 'number', required: true },
        /** Seconds since 1970. */
        ttl: { type: 'number', required: true },
      },
      indexes: {
        receipt: {
          pk: { field: 'pk', composite: ['recipient'], casing: 'none' },
          sk: { field: 'sk', composite: ['id'], casing: 'none' },
        },
      },
    } as const,
    { table },
  )
}

export type MessageReceiptEntity = ReturnType<typeof messageReceiptEntity>
export type MessageReceipt = EntityItem<MessageReceiptEntity>

export const messageReceiptShapes = itemShapes<MessageReceipt>('receipt of a message')

export type MessageEntity = ReturnType<typeof messageEntity>
export type QueueEntity = ReturnType<typeof queueEntity>

/** A message and a queue as ElectroDB reads them. */
export type MessageItem = EntityItem<MessageEntity>
export type QueueItem = EntityItem<QueueEntity>

/** Shape 1 had no `writtenAt`. Of a queue, nothing tells it. */
export const messageShapes = itemShapes<MessageItem>('message', [(item) => ({ ...item, writtenAt: item.enqueuedAt })])
export const queueShapes = itemShapes<QueueItem>('queue of messages', [(item) => ({ ...item, writtenAt: 0 })])
