import { Entity, type EntityItem } from 'electrodb'
import { itemShapes } from '../items/schema-version.js'
import { messageTypes, SEQUENCE_DIGITS } from './types.js'

/**
 * One message to a recipient. Keys: `pk` `$mb#recipient_<recipient>`, `sk` `$msg_1#sequence_<16 digits>`.
 *
 * An acknowledged message is deleted, so a recipient's partition holds what is undelivered, in order, and can be read
 * strongly consistently, which no index allows.
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
        /** When it was written, in milliseconds since 1970, by the writer's clock. */
        writtenAt: { type: 'number', required: true },
        /** The sender's id of one message. */
        id: { type: 'string' },
        /**
         * A random id of one enqueue: lets a sender whose response was lost recognize the stored message as its own.
         */
        sendId: { type: 'string' },
        /** From this time on it is no longer delivered. Milliseconds since 1970. */
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
 * One item for each recipient: the numbering of the messages, the current reader, and how many expired. Keys: `pk` as
 * above, `sk` `$queue_1`.
 */
export function queueEntity(table: string) {
  return new Entity(
    {
      model: { service: 'mb', entity: 'queue', version: '1' },
      attributes: {
        recipient: { type: 'string', required: true },
        /** The last number assigned to a message. */
        sequence: { type: 'number' },
        /** No number beyond this one is assigned: the queue is full. */
        highest: { type: 'number' },
        /** Every message up to this number was delivered or has expired and been counted. */
        expiredThrough: { type: 'number' },
        /** The expiry time of the last of those: if it lies ahead, the clock of the process that counted was ahead. */
        countedUntil: { type: 'number' },
        /** How many messages expired undelivered. */
        expired: { type: 'number' },
        /** How many of those have been reported to a reader. */
        expiredTold: { type: 'number' },
        /** Identifies the reader that holds the lease. */
        leaseId: { type: 'string' },
        connectionId: { type: 'string' },
        /** When the lease ends by the reader's clock, and by the server's, in milliseconds since 1970. */
        leasedUntil: { type: 'number' },
        serverUntil: { type: 'number' },
        /** How long it lasts after the reader's last activity. */
        leaseMs: { type: 'number' },
        /** When it was last written, in milliseconds since 1970, by the writer's clock. */
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
 * The record of a message with a sender's id. Keys: `pk` as above, `sk` `$enq_1#id_<id>`: sorted before the messages,
 * so that reads of messages skip it.
 */
export function messageReceiptEntity(table: string) {
  return new Entity(
    {
      model: { service: 'mb', entity: 'enq', version: '1' },
      attributes: {
        recipient: { type: 'string', required: true },
        id: { type: 'string', required: true },
        sequence: { type: 'number', required: true },
        /** Without transactions: whether the message is certain to have been stored, so that it is not stored again. */
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

/** Shape 1 had no `writtenAt`. For a queue, it cannot be determined. */
export const messageShapes = itemShapes<MessageItem>('message', [(item) => ({ ...item, writtenAt: item.enqueuedAt })])
export const queueShapes = itemShapes<QueueItem>('queue of messages', [(item) => ({ ...item, writtenAt: 0 })])
