import { Entity } from 'electrodb'

export const messageTypes = ['execution_update', 'notification', 'ping'] as const

export type MessageType = (typeof messageTypes)[number]

/**
 * One message on its way to a recipient. Keys, in final form: `pk` `$mb#recipient_<recipient>`, `sk` `$msg_1#messageId_<id>`;
 * index undelivered: `upk` as `pk`, `usk` `$msg_1#delivery_pending#messageId_<id>`, both absent once it is delivered.
 *
 * The index has key fields of its own and a condition because ElectroDB 3.9.3 writes an update that DynamoDB refuses when an
 * attribute of a `type: 'composite'` index is removed. `delivery` is part of its key because the condition is judged again only
 * when an attribute of the key changes.
 */
export function messageEntity(table: string) {
  return new Entity(
    {
      model: { service: 'mb', entity: 'msg', version: '1' },
      attributes: {
        recipient: { type: 'string', required: true },
        messageId: { type: 'string', required: true },
        messageType: { type: messageTypes, required: true },
        payload: { type: 'any' },
        connectionId: { type: 'string' },
        delivery: { type: ['pending', 'delivered'], required: true },
        /** Milliseconds since 1970. */
        deliveredAt: { type: 'number' },
        schemaVersion: { type: 'number', required: true },
        /** Seconds since 1970. */
        ttl: { type: 'number', required: true },
      },
      indexes: {
        byId: {
          pk: { field: 'pk', composite: ['recipient'], casing: 'none' },
          sk: { field: 'sk', composite: ['messageId'], casing: 'none' },
        },
        undelivered: {
          index: 'undelivered',
          condition: (message: { delivery?: string }) => message.delivery === 'pending',
          pk: { field: 'upk', composite: ['recipient'], casing: 'none' },
          sk: { field: 'usk', composite: ['delivery', 'messageId'], casing: 'none' },
        },
      },
    } as const,
    { table },
  )
}

export type MessageEntity = ReturnType<typeof messageEntity>
