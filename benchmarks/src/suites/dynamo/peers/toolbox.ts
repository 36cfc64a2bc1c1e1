import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import {
  $get,
  $sum,
  BatchPutRequest,
  BatchWriteCommand,
  DeleteItemCommand,
  executeBatchWrite,
  executeTransactWrite,
  GetItemCommand,
  PutItemCommand,
  PutTransaction,
  QueryCommand,
  UpdateItemCommand,
} from 'dynamodb-toolbox'
import { historyTtl, newState } from '../agent-model.js'
import { newMessage, queueUpdate } from '../message-model.js'
import { type BenchEvent, type EventRow, type TableNames, ttl } from '../model.js'
import type { DynamoPeer } from './peer.js'
import { eventModel, messageModel, stateModel } from './toolbox-entities.js'

/** DynamoDB Toolbox, which takes the document client. */
export function toolboxPeer(name: string, client: DynamoDBDocumentClient, tables: TableNames): DynamoPeer {
  const { table, events } = eventModel(client, tables)
  const { messages, queues } = messageModel(client, tables)
  const { current, versions } = stateModel(client, tables)
  const toAttributes = (event: BenchEvent) => ({ ...event, userShard: `${event.userId}#0`, schemaVersion: 1, ttl })
  const toRow = ({ id, eventType, userId, data }: EventRow): EventRow => ({ id, eventType, userId, data })
  return {
    name,
    put: (event) =>
      events
        .build(PutItemCommand)
        .item(toAttributes(event))
        .options({ condition: { attr: 'id', exists: false } })
        .send(),
    async get({ id, eventType, day, shard }) {
      const { Item } = await events.build(GetItemCommand).key({ id, eventType, day, shard }).send()
      return Item && toRow(Item as EventRow)
    },
    async latest(userId, limit) {
      const { Items = [] } = await table
        .build(QueryCommand)
        .query({ index: 'byUser', partition: `${userId}#0` })
        .entities(events)
        .options({ reverse: true, limit })
        .send()
      return Items.map((item) => toRow(item as EventRow))
    },
    async deliver(recipient) {
      const { start, end, schemaVersion, ttl: expiry } = queueUpdate()
      const { Attributes } = await queues
        .build(UpdateItemCommand)
        .item({
          recipient,
          sequence: $sum($get('sequence', start), 1),
          highest: $get('highest', end),
          schemaVersion,
          ttl: expiry,
          modelVersion: '1',
        })
        .options({
          condition: {
            or: [
              { attr: 'highest', exists: false },
              { attr: 'sequence', lt: { attr: 'highest' } },
            ],
          },
          returnValues: 'UPDATED_NEW',
        })
        .send()
      const sequence = Attributes?.sequence ?? 0
      await messages.build(PutItemCommand).item(newMessage(recipient, sequence)).send()
      await messages
        .build(DeleteItemCommand)
        .key({ recipient, sequence })
        .options({ condition: { attr: 'sequence', exists: true } })
        .send()
    },
    save(agentId) {
      const state = newState(agentId)
      const now = Math.floor(state.updatedAt / 1000)
      return executeTransactWrite(
        current
          .build(PutTransaction)
          .item(state)
          .options({
            condition: {
              or: [
                { attr: 'agentId', exists: false },
                { attr: 'ttl', lte: now },
              ],
            },
            returnValuesOnConditionFalse: 'ALL_OLD',
          }),
        versions.build(PutTransaction).item({ ...state, ttl: historyTtl }),
      )
    },
    putAll: (all) =>
      executeBatchWrite(
        table
          .build(BatchWriteCommand)
          .requests(...all.map((event) => events.build(BatchPutRequest).item(toAttributes(event)))),
      ),
  }
}
