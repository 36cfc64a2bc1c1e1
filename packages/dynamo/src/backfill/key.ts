import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoInputError } from '../errors/errors.js'
import type { AttributeItem } from '../items/attribute-values.js'
import { describeTable } from '../tables/describe.js'

/** A table to go through. */
export interface BackfillTable {
  readonly name: string
  /** The names of its key attributes, the partition key first. */
  readonly key: readonly string[]
  /** Items there are, as of DynamoDB's last count, which it makes every six hours. */
  readonly estimate: number | undefined
}

/** What the keys of the items begin with in which backfills note how far they are. No entity's keys do. */
const NOTE = '$backfill#'

/**
 * @throws {DynamoInputError} for a table that does not exist, or whose keys are no texts: a note would not fit into it.
 */
export async function readBackfillTable(client: DynamoDBClient, name: string): Promise<BackfillTable> {
  const description = await describeTable(client, name)
  if (description === undefined)
    throw new DynamoInputError('table', 'names no table; give its whole name, with the prefix')
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
      'has a key that is no text, so that a backfill could not note in it how far it is',
    )
  }
  return { name, key, estimate: ItemCount || undefined }
}

/** The key of the item in which a backfill notes how far it is. */
export const noteKey = ({ key }: BackfillTable, backfill: string): AttributeItem =>
  Object.fromEntries(key.map((attribute) => [attribute, { S: NOTE + backfill }]))

/** Whether an item is such a note. */
export const isNote = ({ key: [partitionKey = ''] }: BackfillTable, item: AttributeItem): boolean =>
  item[partitionKey]?.S?.startsWith(NOTE) ?? false

/** The key of an item. */
export const keyOf = ({ key }: BackfillTable, item: AttributeItem): AttributeItem => pick(item, key)

/** These attributes of an item, as far as it has them. */
export const pick = (item: AttributeItem, names: readonly string[]): AttributeItem =>
  Object.fromEntries(names.flatMap((name) => (item[name] === undefined ? [] : [[name, item[name]]])))
