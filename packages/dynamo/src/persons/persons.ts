import { DeleteCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { defined } from '@miyabi/core'
import type { ShardPlan } from '../events/shards.js'
import { assertKeyPart } from '../items/storable.js'
import { type CallerOptions, call, type Store } from '../items/store.js'
import { type PersonTable, personTables, readable } from './kinds.js'
import { type PersonKeys, type PersonPartition, partitionsOf } from './partitions.js'

/** An item of a person. */
export interface PersonItem {
  readonly table: PersonTable
  /** Under the names of its entity's attributes. */
  readonly item: Readonly<Record<string, unknown>>
}

/** Items by table. */
export type PersonCounts = Readonly<Record<PersonTable, number>>

/** What DynamoDB holds of one person, found by keys: nothing is scanned. */
export interface Persons {
  /** Returns every item a page at a time, including expired ones that are still stored. */
  items(keys: PersonKeys, options?: CallerOptions): AsyncIterable<PersonItem>
  /** Deletes every item, and returns how many there were. Call it again after a failure or for late items. */
  erase(keys: PersonKeys, options?: CallerOptions): Promise<PersonCounts>
}

/** An item as it is stored. */
type Stored = Readonly<Record<string, unknown>>

interface PersonsModel {
  readonly store: Store
  readonly plan: ShardPlan
}

const PAGE_ITEMS = 200
/** Concurrent queries, and concurrent deletes of each. */
const CONCURRENCY = { partitions: 8, items: 4 }

export function bindPersons({ store, plan }: PersonsModel): Persons {
  const tableOf = (table: PersonTable): string => store.settings.tablePrefix + personTables[table].name

  const readPage = (
    { table, index, attribute, value }: PersonPartition,
    from: Stored | undefined,
    signal: AbortSignal | undefined,
  ) =>
    call(store, 'persons.items', tableOf(table), signal, (abortSignal) =>
      store.document.send(
        new QueryCommand({
          TableName: tableOf(table),
          ...defined({ IndexName: index, ExclusiveStartKey: from }),
          // Never true of an index.
          ConsistentRead: index === undefined,
          KeyConditionExpression: '#key = :value',
          ExpressionAttributeNames: { '#key': attribute },
          ExpressionAttributeValues: { ':value': value },
          Limit: PAGE_ITEMS,
        }),
        { abortSignal },
      ),
    )

  async function* pagesOf(partition: PersonPartition, signal: AbortSignal | undefined): AsyncGenerator<Stored[]> {
    let from: Stored | undefined
    do {
      const { Items = [], LastEvaluatedKey } = await readPage(partition, from, signal)
      const { except } = partition
      yield except ? Items.filter(({ u }) => !(typeof u === 'string' && except.has(u))) : Items
      from = LastEvaluatedKey
    } while (from !== undefined)
  }

  /** @returns whether the item existed. */
  const remove = (table: PersonTable, { pk, sk }: Stored, signal: AbortSignal | undefined): Promise<boolean> =>
    call(store, 'persons.erase', tableOf(table), signal, async (abortSignal) => {
      const request = { TableName: tableOf(table), Key: { pk, sk }, ReturnValues: 'ALL_OLD' } as const
      const { Attributes } = await store.document.send(new DeleteCommand(request), { abortSignal })
      return Attributes !== undefined
    })

  return {
    async *items(keys, { signal } = {}) {
      for (const partition of partitionsOf(checked(keys), plan)) {
        for await (const page of pagesOf(partition, signal))
          for (const item of page) yield { table: partition.table, item: readable(item) }
      }
    },

    async erase(keys, { signal } = {}) {
      const counts = { events: 0, agentState: 0, messages: 0 }
      const eraseItem = async (table: PersonTable, item: Stored): Promise<void> => {
        if (await remove(table, item, signal)) counts[table] += 1
      }
      await inLanes(partitionsOf(checked(keys), plan), CONCURRENCY.partitions, async (partition) => {
        for await (const page of pagesOf(partition, signal))
          await inLanes(page.values(), CONCURRENCY.items, (item) => eraseItem(partition.table, item))
      })
      return counts
    },
  }
}

/** Runs items in order with a concurrency limit. Waits for all that were started; then throws the first failure. */
async function inLanes<T>(all: Iterable<T>, lanes: number, work: (one: T) => Promise<void>): Promise<void> {
  const left = all[Symbol.iterator]()
  let hasFailed = false
  const lane = async (): Promise<void> => {
    for (let next = left.next(); !next.done && !hasFailed; next = left.next()) {
      try {
        await work(next.value)
      } catch (error) {
        hasFailed = true
        throw error
      }
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: lanes }, lane))
  const failed = ends.find((end) => end.status === 'rejected')
  if (failed) throw failed.reason
}

/** @throws {DynamoInputError} for a value that cannot be a key. */
function checked(keys: PersonKeys): PersonKeys {
  for (const [index, name] of keys.names.entries()) assertKeyPart(name, `names[${index}]`)
  for (const [index, name] of keys.repositories.entries()) assertKeyPart(name, `repositories[${index}]`)
  return keys
}
