import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { type BenchEvent, type EventRow, payload, type tablesOf, ttl } from '../model.js'
import { eventEntity, messageEntity, queueEntity } from './electrodb-entities.js'
import type { DynamoPeer } from './peer.js'

/** ElectroDB as it comes. */
export function electroPeer(
  name: string,
  client: DynamoDBDocumentClient,
  tables: ReturnType<typeof tablesOf>,
): DynamoPeer {
  const events = eventEntity(tables.events)
  const messages = messageEntity(tables.messages)
  const queues = queueEntity(tables.messages)
  events.setClient(client)
  messages.setClient(client)
  queues.setClient(client)
  const toAttributes = (event: BenchEvent) => ({
    ...event,
    userShard: `${event.userId}#0`,
    schemaVersion: 1,
    ttl,
  })
  const toRow = ({ id, eventType, userId, data }: EventRow): EventRow => ({ id, eventType, userId, data })
  return {
    name,
    put: (event) => events.create(toAttributes(event)).go({ response: 'none' }),
    async get(event) {
      const { data } = await events.get(event).go()
      return data === null ? undefined : toRow(data as EventRow)
    },
    async latest(userId, limit) {
      const { data } = await events.query.byUser({ userShard: `${userId}#0` }).go({ order: 'desc', limit })
      return data.map((item) => toRow(item as EventRow))
    },
    async deliver(recipient) {
      const { data } = await queues.update({ recipient }).add({ sequence: 1 }).go({ response: 'updated_new' })
      const { sequence = 0 } = data
      const enqueuedAt = Date.now()
      await messages
        .put({
          recipient,
          sequence,
          messageType: 'notification',
          payload,
          enqueuedAt,
          expiresAt: enqueuedAt + 86_400_000,
          schemaVersion: 1,
          ttl,
        })
        .go({ response: 'none' })
      await messages.delete({ recipient, sequence }).go({ response: 'none' })
    },
    putAll: (all) => events.put(all.map(toAttributes)).go(),
  }
}
