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

/** The change applied to each item. */
export interface ItemChange {
  /** The attributes that `change` depends on. A change is written only if they are still as they were read. */
  readonly from: readonly string[]
  /**
   * Returns the attributes to set, with `undefined` for those to remove; or undefined for an item to leave unchanged,
   * which must include every changed item: a page may be processed twice.
   * @param item the attributes of `from` that the item has.
   */
  readonly change: (item: Readonly<Record<string, NativeValue>>) => Readonly<Record<string, unknown>> | undefined
}

const ATTEMPTS = 20
const BACKOFF = { initialMs: 5, maxMs: 200 }

/**
 * Changes an item. If another writer changes it meanwhile, reads it and changes it again.
 * @returns whether it was changed.
 * @throws {DynamoError} `dynamo.condition_failed`, retryable, when others keep writing it.
 * @throws {DynamoInputError} for a `change` that would change an item that it has already changed.
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
  const problem = `other writers kept changing an item of ${table.name}`
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
    'would change an item that it has already changed; make it depend on an attribute that it sets (named in `from`), such as a version, and return undefined for such an item',
  )
}

/** An update that applies only if the attributes it depends on, and those it overwrites, are as they were read. */
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
