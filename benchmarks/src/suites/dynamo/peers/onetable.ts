// biome-ignore-all lint/suspicious/noTemplateCurlyInString: OneTable reads templates of its own in plain strings.
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { historyTtl, newState } from '../agent-model.js'
import { newMessage, queueUpdate } from '../message-model.js'
import { type BenchEvent, type EventRow, type TableNames, ttl } from '../model.js'
import { eventTable, messageTable, stateTable } from './onetable-models.js'
import type { DynamoPeer } from './peer.js'

/** Puts over what is there; OneTable's own default is a condition. */
const always = { exists: null }

/** OneTable, which takes the client itself and marshals on its own. */
export function oneTablePeer(name: string, client: DynamoDBClient, tables: TableNames): DynamoPeer {
  const eventLog = eventTable(client, tables)
  const events = eventLog.getModel<'ev'>('ev')
  const mailbox = messageTable(client, tables)
  const messages = mailbox.getModel<'msg'>('msg')
  const queues = mailbox.getModel<'queue'>('queue')
  const states = stateTable(client, tables)
  const current = states.getModel<'agent'>('agent')
  const versions = states.getModel<'agentVersion'>('agentVersion')
  const toProperties = (event: BenchEvent) => ({ ...event, userShard: `${event.userId}#0`, schemaVersion: 1, ttl })
  const toRow = ({ id, eventType, userId, data }: EventRow): EventRow => ({ id, eventType, userId, data })
  return {
    name,
    put: (event) => events.create(toProperties(event)),
    async get({ id, eventType, day, shard }) {
      const event = await events.get({ id, eventType, day, shard })
      return event && toRow(event as EventRow)
    },
    async latest(userId, limit) {
      const found = await events.find({ userShard: `${userId}#0` }, { index: 'byUser', reverse: true, limit })
      return found.map((event) => toRow(event as EventRow))
    },
    async deliver(recipient) {
      const { start, end, schemaVersion, ttl: expiry } = queueUpdate()
      const { sequence = 0 } = await queues.update(
        { recipient, schemaVersion, ttl: expiry },
        {
          ...always,
          set: {
            sequence: `if_not_exists(\${sequence}, {${start}}) + {1}`,
            highest: `if_not_exists(\${highest}, {${end}})`,
          },
          where: 'attribute_not_exists(${highest}) or ${sequence} < ${highest}',
          return: 'UPDATED_NEW',
        },
      )
      await messages.create(newMessage(recipient, sequence), always)
      await messages.remove({ recipient, sequence }, { where: 'attribute_exists(${sequence})', return: 'NONE' })
    },
    async save(agentId) {
      const state = newState(agentId)
      const transaction = {}
      const isExpired = `\${ttl} <= {${Math.floor(state.updatedAt / 1000)}}`
      await current.create(state, {
        ...always,
        where: `attribute_not_exists(\${agentId}) or ${isExpired}`,
        transaction,
      })
      await versions.create({ ...state, ttl: historyTtl }, { ...always, transaction })
      await states.transact('write', transaction)
    },
    async putAll(all) {
      const batch = {}
      for (const event of all) await events.create(toProperties(event), { ...always, batch })
      return eventLog.batchWrite(batch)
    },
  }
}
