import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { historyTtl, newState } from '../agent-model.js'
import { newMessage, queueUpdate } from '../message-model.js'
import { type BenchEvent, type EventRow, type TableNames, ttl } from '../model.js'
import { eventEntity, messageEntity, queueEntity, stateService } from './electrodb-entities.js'
import type { DynamoPeer } from './peer.js'

/** ElectroDB as it comes. */
export function electroPeer(name: string, client: DynamoDBDocumentClient, tables: TableNames): DynamoPeer {
  const events = eventEntity(tables.events)
  const messages = messageEntity(tables.messages)
  const queues = queueEntity(tables.messages)
  const states = stateService(tables.agentState)
  for (const model of [events, messages, queues, states]) model.setClient(client)
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
      const { start, end, schemaVersion, ttl: expiry } = queueUpdate()
      const { data } = await queues
        .update({ recipient })
        .data((queue, { add, ifNotExists, set }) => {
          add(queue.sequence, 1, start)
          ifNotExists(queue.highest, end)
          set(queue.schemaVersion, schemaVersion)
          set(queue.ttl, expiry)
        })
        .where(
          ({ sequence, highest }, { name, notExists }) =>
            `${notExists(highest)} OR ${name(sequence)} < ${name(highest)}`,
        )
        .go({ response: 'updated_new' })
      const { sequence = 0 } = data
      await messages.put(newMessage(recipient, sequence)).go({ response: 'none' })
      await messages
        .delete({ recipient, sequence })
        .where((message, { exists }) => exists(message.sequence))
        .go({ response: 'none' })
    },
    save(agentId) {
      const state = newState(agentId)
      return states.transaction
        .write(({ current, versions }) => [
          current
            .put(state)
            .where(
              (stored, { lte, notExists }) =>
                `${notExists(stored.agentId)} OR ${lte(stored.ttl, Math.floor(state.updatedAt / 1000))}`,
            )
            .commit({ response: 'all_old' }),
          versions.put({ ...state, ttl: historyTtl }).commit(),
        ])
        .go()
    },
    putAll: (all) => events.put(all.map(toAttributes)).go(),
  }
}
