import { DeleteItemCommand, type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { tableDefinitions } from '@miyabi/dynamo'
import type { Item } from '../../format/item-line.js'
import type { DynamoPlace } from './place.js'

/**
 * The prefix of the keys of the item that records which backup is being restored into a table: a second attempt uses it
 * to recognize what the first one left. No entity's keys start with it, and it is removed when the restore is done.
 */
const NOTE = '$restore#'
const KEY = { pk: { S: NOTE }, sk: { S: NOTE } }

/** The backup that is being restored into a table, if there is one. */
export async function readNote(client: DynamoDBClient, table: string): Promise<string | undefined> {
  const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: KEY, ConsistentRead: true }))
  return Item?.['backup']?.S
}

export async function writeNote(client: DynamoDBClient, table: string, backup: string): Promise<void> {
  await client.send(new PutItemCommand({ TableName: table, Item: { ...KEY, backup: { S: backup } } }))
}

/** Removes these items from the tables. */
export async function removeNotes({ dynamo, prefix }: DynamoPlace): Promise<void> {
  for (const { name } of tableDefinitions)
    await dynamo.client.send(new DeleteItemCommand({ TableName: prefix + name, Key: KEY }))
}

export const isNote = (item: Item): boolean => item['pk']?.S === NOTE
