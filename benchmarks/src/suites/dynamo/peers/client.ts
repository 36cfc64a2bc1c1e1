import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb'
import { newState, toStatePuts } from '../agent-model.js'
import { newMessage, nextNumber, nextNumberValues, present, queueKey, toMessageItem } from '../message-model.js'
import { fromItem, type Item, type TableNames, toItem } from '../model.js'
import type { DynamoPeer } from './peer.js'

/** The AWS SDK's client, with attribute values made and read by `util-dynamodb`. */
export function clientPeer(name: string, client: DynamoDBClient, tables: TableNames): DynamoPeer {
  const TableName = tables.events
  const absent = { ConditionExpression: 'attribute_not_exists(pk)' }
  return {
    name,
    put: (event) => client.send(new PutItemCommand({ TableName, Item: marshall(toItem(event)), ...absent })),
    async get(event) {
      const { pk, sk } = toItem(event)
      const { Item } = await client.send(new GetItemCommand({ TableName, Key: { pk: { S: pk }, sk: { S: sk } } }))
      return Item && fromItem(unmarshall(Item) as Item)
    },
    async latest(userId, limit) {
      const query = new QueryCommand({
        TableName,
        IndexName: 'byUser',
        KeyConditionExpression: 'up = :user',
        ExpressionAttributeValues: { ':user': { S: `${userId}#0` } },
        ScanIndexForward: false,
        Limit: limit,
      })
      const { Items = [] } = await client.send(query)
      return Items.map((item) => fromItem(unmarshall(item) as Item))
    },
    async deliver(recipient) {
      const { messages } = tables
      const { Attributes } = await client.send(
        new UpdateItemCommand({
          TableName: messages,
          Key: marshall(queueKey(recipient)),
          ...nextNumber,
          ExpressionAttributeValues: marshall(nextNumberValues(recipient)),
        }),
      )
      const item = toMessageItem(newMessage(recipient, Number(Attributes?.['sequence']?.N)))
      await client.send(new PutItemCommand({ TableName: messages, Item: marshall(item) }))
      const Key = { pk: { S: item.pk }, sk: { S: item.sk } }
      await client.send(new DeleteItemCommand({ TableName: messages, Key, ...present }))
    },
    save(agentId) {
      const { current, version } = toStatePuts(tables.agentState, newState(agentId))
      const ExpressionAttributeValues = marshall(current.ExpressionAttributeValues)
      const TransactItems = [
        { Put: { ...current, Item: marshall(current.Item), ExpressionAttributeValues } },
        { Put: { ...version, Item: marshall(version.Item) } },
      ]
      return client.send(new TransactWriteItemsCommand({ TransactItems }))
    },
    putAll: (events) =>
      client.send(
        new BatchWriteItemCommand({
          RequestItems: { [TableName]: events.map((event) => ({ PutRequest: { Item: marshall(toItem(event)) } })) },
        }),
      ),
  }
}
