import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { fullJitter, sleep } from '@miyabi/core'
import { DynamoError, DynamoInputError } from '../errors/errors.js'
import { type AttributeItem, fromItem, type NativeValue, toItem } from '../items/attribute-values.js'
import { type BackfillTable, keyOf, pick } from './key.js'

/** What is done to each item. */
export interface ItemChange {
  /** The attributes that `change` goes by. A change is only written where they still are as they were read. */
  readonly from: readonly string[]
  /**
   * The attributes to be set, and as `undefined` those to be removed; or undefined for an item that is to stay as it
   * is, which every changed one must be: a page may come twice.
   * @param item the attributes of `from`, as far as the item has them.
   */
  readonly change: (item: Readonly<Record<string, NativeValue>>) => Readonly<Record<string, unknown>> | undefined
}

const ATTEMPTS = 20
const BACKOFF = { initialMs: 5, maxMs: 200 }

/**
 * Changes an item, unless somebody writes it meanwhile: then it is read and changed anew.
 * @returns whether it was changed.
 * @throws {DynamoError} `dynamo.condition_failed`, retryable, where others write it again and again.
 * @throws {DynamoInputError} for a `change` that would change what it has changed.
 */
export async function changeItem(
  client: DynamoDBClient,
  table: BackfillTable,
  { from, change }: ItemChange,
  read: AttributeItem,
): Promise<boolean> {
  const Key = keyOf(table, read)
  let item: AttributeItem | undefined = read
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = fromItem(pick(item, from))
    const changes = change(before)
    if (changes === undefined) return false
    assertRestful(change, before, changes)
    try {
      await client.send(new UpdateItemCommand({ TableName: table.name, Key, ...toUpdate(table, from, item, changes) }))
      return true
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error
    }
    await sleep(fullJitter(attempt, BACKOFF))
    const found = await client.send(new GetItemCommand({ TableName: table.name, Key, ConsistentRead: true }))
    item = found.Item
    if (item === undefined) return false // it was deleted
  }
  const problem = `an item of ${table.name} was written by others again and again`
  throw new DynamoError('dynamo.condition_failed', `backfill: ${problem}`, {
    details: { operation: 'backfill', tables: [table.name], attempts: ATTEMPTS, elapsedMs: 0 },
    retryable: true,
  })
}

function assertRestful(
  change: ItemChange['change'],
  before: Readonly<Record<string, NativeValue>>,
  changes: Readonly<Record<string, unknown>>,
): void {
  const after = fromItem(toItem({ ...before, ...changes }))
  if (change(after) === undefined) return
  throw new DynamoInputError(
    'change',
    'would change an item again that it has just changed; let it go by an attribute that it sets (named in `from`), such as a version, and return undefined for such an item',
  )
}

/** An update that holds only where what it goes by, and what it overwrites, is as it was read. */
function toUpdate(
  table: BackfillTable,
  from: readonly string[],
  item: AttributeItem,
  changes: Readonly<Record<string, unknown>>,
) {
  const set = toItem(changes)
  const removed = Object.keys(changes).filter((name) => changes[name] === undefined)
  const names = [...new Set([...table.key.slice(0, 1), ...from, ...Object.keys(changes)])]
  const at = (name: string): number => names.indexOf(name)
  const sets = Object.keys(set).map((name) => `#${at(name)} = :new${at(name)}`)
  return {
    UpdateExpression: [
      ...(sets.length > 0 ? [`SET ${sets.join(', ')}`] : []),
      ...(removed.length > 0 ? [`REMOVE ${removed.map((name) => `#${at(name)}`).join(', ')}`] : []),
    ].join(' '),
    ConditionExpression: names
      .map((name, index) => (item[name] === undefined ? `attribute_not_exists(#${index})` : `#${index} = :old${index}`))
      .join(' AND '),
    ExpressionAttributeNames: Object.fromEntries(names.map((name, index) => [`#${index}`, name])),
    ExpressionAttributeValues: Object.fromEntries([
      ...names.flatMap((name, index) => (item[name] === undefined ? [] : [[`:old${index}`, item[name]]])),
      ...Object.entries(set).map(([name, value]) => [`:new${at(name)}`, value]),
    ]),
  }
}
