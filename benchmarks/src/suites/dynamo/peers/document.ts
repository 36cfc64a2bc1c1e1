import {
  BatchWriteCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb'
import { newState, toStatePuts } from '../agent-model.js'
import { newMessage, nextNumber, nextNumberValues, present, queueKey, toMessageItem } from '../message-model.js'
import { fromItem, type Item, type TableNames, toItem } from '../model.js'
import type { DynamoPeer } from './peer.js'

/** The AWS SDK's document client. */
export function documentPeer(name: string, client: DynamoDBDocumentClient, tables: TableNames): DynamoPeer {
  const TableName = tables.events
  const absent = { ConditionExpression: 'attribute_not_exists(pk)' }
  return {
    name,
    put: (event) => client.send(new PutCommand({ TableName, Item: toItem(event), ...absent })),
    async get(event) {
      const { pk, sk } = toItem(event)
      const { Item } = await client.send(new GetCommand({ TableName, Key: { pk, sk } }))
      return Item && fromItem(Item as Item)
    },
    async latest(userId, limit) {
      const query = new QueryCommand({
        TableName,
        IndexName: 'byUser',
        KeyConditionExpression: 'up = :user',
        ExpressionAttributeValues: { ':user': `${userId}#0` },
        ScanIndexForward: false,
        Limit: limit,
      })
      const { Items = [] } = await client.send(query)
      return Items.map((item) => fromItem(item as Item))
    },
    async deliver(recipient) {
      const { messages } = tables
      const { Attributes } = await client.send(
        new UpdateCommand({
          TableName: messages,
          Key: queueKey(recipient),
          ...nextNumber,
          ExpressionAttributeValues: nextNumberValues(recipient),
        }),
      )
      const item = toMessageItem(newMessage(recipient, Number(Attributes?.['sequence'])))
      await client.send(new PutCommand({ TableName: messages, Item: item }))
      await client.send(new DeleteCommand({ TableName: messages, Key: { pk: item.pk, sk: item.sk }, ...present }))
    },
    save(agentId) {
      const { current, version } = toStatePuts(tables.agentState, newState(agentId))
      return client.send(new TransactWriteCommand({ TransactItems: [{ Put: current }, { Put: version }] }))
    },
    putAll: (events) =>
      client.send(
        new BatchWriteCommand({
          RequestItems: { [TableName]: events.map((event) => ({ PutRequest: { Item: toItem(event) } })) },
        }),
      ),
  }
}
