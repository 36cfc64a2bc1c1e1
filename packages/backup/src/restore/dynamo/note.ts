import { DeleteItemCommand, type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { tableDefinitions } from '@miyabi/dynamo'
import type { Item } from '../../format/item-line.js'
import type { DynamoPlace } from './place.js'

/**
 * What the keys of the item begin with that says which backup is being restored into a table: by it a second try knows
 * what the first one left. No entity's keys do, and it is gone when the restore is done.
 */
const NOTE = '$restore#'
const KEY = { pk: { S: NOTE }, sk: { S: NOTE } }

/** The backup that is being restored into a table, where one is. */
export async function readNote(client: DynamoDBClient, table: string): Promise<string | undefined> {
  const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: KEY, ConsistentRead: true }))
  return Item?.['backup']?.S
}

export async function writeNote(client: DynamoDBClient, table: string, backup: string): Promise<void> {
  await client.send(new PutItemCommand({ TableName: table, Item: { ...KEY, backup: { S: backup } } }))
}

/** Takes the notes out of the tables. */
export async function removeNotes({ dynamo, prefix }: DynamoPlace): Promise<void> {
  for (const { name } of tableDefinitions)
    await dynamo.client.send(new DeleteItemCommand({ TableName: prefix + name, Key: KEY }))
}

export const isNote = (item: Item): boolean => item['pk']?.S === NOTE
