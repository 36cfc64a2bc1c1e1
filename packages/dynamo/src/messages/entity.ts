import { Entity, type EntityItem } from 'electrodb'
import { itemShapes } from '../items/schema-version.js'

export const messageTypes = ['execution_update', 'notification', 'ping'] as const

export type MessageType = (typeof messageTypes)[number]

/** Digits of a sequence number in a key: 2^53 - 1 has sixteen. */
export const SEQUENCE_DIGITS = 16

/**
 * One message on its way to a recipient. Keys: `pk` `$mb#recipient_<recipient>`, `sk` `$msg_1#sequence_<16 digits>`.
 *
 * An acknowledged message is deleted, so a recipient's partition holds what is undelivered, in order, and can be read strongly
 * consistently: no index could.
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
        /** From then on it is not delivered any more. Milliseconds since 1970. */
        expiresAt: { type: 'number', required: true },
        schemaVersion: { type: 'number', required: true },
        /** When DynamoDB may delete it, in seconds since 1970: some time after its expiry, so that the expiry can be counted. */
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
 * What there is once for each recipient: the numbering of the messages, who reads them, and how many expired. Keys: `pk` as above,
 * `sk` `$queue_1`.
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
        /** How many messages expired undelivered. */
        expired: { type: 'number' },
        /** How many of those a reader has been told of. */
        expiredTold: { type: 'number' },
        /** Of the reader that holds the lease. */
        leaseId: { type: 'string' },
        connectionId: { type: 'string' },
        /** Milliseconds since 1970. */
        leasedUntil: { type: 'number' },
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

export type MessageEntity = ReturnType<typeof messageEntity>
export type QueueEntity = ReturnType<typeof queueEntity>

/** A message and a queue as ElectroDB reads them. */
export type MessageItem = EntityItem<MessageEntity>
export type QueueItem = EntityItem<QueueEntity>

export const messageShapes = itemShapes<MessageItem>('message')
export const queueShapes = itemShapes<QueueItem>('queue of messages')
