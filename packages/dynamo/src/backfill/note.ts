import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb'
import { type AttributeItem, toItem, toN } from '../items/attribute-values.js'
import { type BackfillTable, noteKey } from './key.js'

/** The progress of a backfill as stored in its table. */
export interface Note {
  /** Where the next page begins; undefined at the table's beginning. */
  readonly position: AttributeItem | undefined
  readonly seen: number
  readonly changed: number
  readonly isDone: boolean
  /** Number of times it was written. */
  readonly revision: number
}

const none: Note = { position: undefined, seen: 0, changed: 0, isDone: false, revision: 0 }

export async function readNote(client: DynamoDBClient, table: BackfillTable, backfill: string): Promise<Note> {
  const { Item } = await client.send(
    new GetItemCommand({ TableName: table.name, Key: noteKey(table, backfill), ConsistentRead: true }),
  )
  if (Item === undefined) return none
  const number = (name: string): number => Number(Item[name]?.N ?? 0)
  return {
    position: Item['position']?.M,
    seen: number('seen'),
    changed: number('changed'),
    isDone: Item['isDone']?.BOOL === true,
    revision: number('revision'),
  }
}

/**
 * Writes the progress, unless another process has meanwhile written it: then that record stays.
 * @returns whether it was written.
 */
export async function writeNote(
  client: DynamoDBClient,
  table: BackfillTable,
  backfill: string,
  note: Note,
): Promise<boolean> {
  const { position, ...figures } = note
  try {
    await client.send(
      new PutItemCommand({
        TableName: table.name,
        Item: {
          ...noteKey(table, backfill),
          ...toItem({ ...figures, revision: note.revision + 1, updatedAt: new Date().toISOString() }),
          ...(position && { position: { M: position } }),
        },
        ConditionExpression: 'attribute_not_exists(#revision) OR #revision = :revision',
        ExpressionAttributeNames: { '#revision': 'revision' },
        ExpressionAttributeValues: { ':revision': toN(note.revision) },
      }),
    )
    return true
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false
    throw error
  }
}
