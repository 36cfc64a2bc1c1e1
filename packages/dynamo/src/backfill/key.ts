import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoInputError } from '../errors/errors.js'
import type { AttributeItem } from '../items/attribute-values.js'
import { describeTable } from '../tables/describe.js'

/** A table to process. */
export interface BackfillTable {
  readonly name: string
  /** The names of its key attributes, the partition key first. */
  readonly key: readonly string[]
  /** Number of items, as of DynamoDB's last count, made every six hours. */
  readonly estimate: number | undefined
}

/** The prefix of the keys of the items that record the progress of backfills. No entity's keys start with it. */
const NOTE = '$backfill#'

/**
 * @throws {DynamoInputError} for a table that does not exist, or whose keys are not strings: a progress item would not
 * fit into it.
 */
export async function readBackfillTable(client: DynamoDBClient, name: string): Promise<BackfillTable> {
  const description = await describeTable(client, name)
  if (description === undefined)
    throw new DynamoInputError('table', 'does not name a table; expected its full name, with the prefix')
  const { KeySchema = [], AttributeDefinitions = [], ItemCount } = description
  const key = KeySchema.toSorted((a) => (a.KeyType === 'HASH' ? -1 : 1)).flatMap(
    ({ AttributeName = [] }) => AttributeName,
  )
  const texts = AttributeDefinitions.filter(({ AttributeType }) => AttributeType === 'S').map(
    (one) => one.AttributeName,
  )
  if (!key.every((attribute) => texts.includes(attribute))) {
    throw new DynamoInputError(
      'table',
      'has a key that is not a string, so a backfill cannot record its progress in it',
    )
  }
  return { name, key, estimate: ItemCount || undefined }
}

/** The key of the item that records the progress of a backfill. */
export const noteKey = ({ key }: BackfillTable, backfill: string): AttributeItem =>
  Object.fromEntries(key.map((attribute) => [attribute, { S: NOTE + backfill }]))

/** Whether an item is a progress item. */
export const isNote = ({ key: [partitionKey = ''] }: BackfillTable, item: AttributeItem): boolean =>
  item[partitionKey]?.S?.startsWith(NOTE) ?? false

/** The key of an item. */
export const keyOf = ({ key }: BackfillTable, item: AttributeItem): AttributeItem => pick(item, key)

/** Returns those of these attributes that the item has. */
export const pick = (item: AttributeItem, names: readonly string[]): AttributeItem =>
  Object.fromEntries(names.flatMap((name) => (item[name] === undefined ? [] : [[name, item[name]]])))
