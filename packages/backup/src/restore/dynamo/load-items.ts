import { BackupError } from '../../errors/errors.js'
import { type Item, itemLine } from '../../format/item-line.js'
import type { DynamoTable } from '../../format/manifest.js'
import type { OpenedBackup } from '../../format/open-backup.js'
import { RowsHash } from '../../format/rows-hash.js'
import { expiresAtMs, SOON_MS } from './expiry.js'
import { itemsOf, type ReadItem } from './items-of.js'
import type { DynamoPlace } from './place.js'
import { putItems, writeAll } from './put-items.js'
import { scanItems } from './scan-items.js'
import { writtenAtMs } from './written-at.js'

/** How items are put. */
export interface LoadItemsOptions {
  /** The time from which a consumer may not have counted the items of a table; see `uncountedFrom`. */
  readonly uncountedFrom: ReadonlyMap<string, number>
  /** Whether an earlier attempt has put some. */
  readonly isContinued: boolean
  readonly signal: AbortSignal
  readonly onItems: (table: string, items: number) => void
}

/** What was put. */
export interface LoadedItems {
  readonly items: number
  /** Items of the backup that have expired, which DynamoDB would remove again. */
  readonly expired: number
  /** Of the items, those that the streams report: a consumer may not have counted them at the cut. */
  readonly told: number
}

/**
 * Puts the items of a backup into tables whose streams were disabled, enables the streams, puts the items that
 * consumers may not have counted yet, so that the streams report them, and compares the tables with the backup.
 * @throws {BackupError} `backup.damaged`, `backup.items_differ`
 */
export async function loadItems(
  { dynamo, prefix }: DynamoPlace,
  backup: OpenedBackup,
  { uncountedFrom, isContinued, signal, onItems }: LoadItemsOptions,
): Promise<LoadedItems> {
  const startedAt = Date.now()
  const { client } = dynamo
  const { tables } = backup.manifest.dynamodb
  const sums = { items: 0, expired: 0, told: 0 }
  const expected = new Map(tables.map(({ name }) => [name, new RowsHash()]))

  /** The unexpired items of one of the two rounds; counts what must be found afterwards. */
  async function* round(table: DynamoTable, isLate: boolean): AsyncGenerator<Item, void, undefined> {
    const from = uncountedFrom.get(table.name) ?? Number.POSITIVE_INFINITY
    for await (const read of itemsOf(backup, table)) {
      const { item } = read
      if (writtenAtMs(item) >= from !== isLate) continue
      if (expiresAtMs(item) <= startedAt) {
        sums.expired += 1
        continue
      }
      note(expected.get(table.name), read, startedAt)
      yield item
    }
  }

  const put = async (table: DynamoTable, items: AsyncIterable<Item>): Promise<number> =>
    putItems({ client, table: prefix + table.name, signal, onItems: (count) => onItems(table.name, count) }, items)

  for (const table of tables) sums.items += await put(table, round(table, false))
  await dynamo.tables.apply({ signal })
  for (const table of tables.filter(({ name }) => uncountedFrom.has(name))) {
    // An item that is put over an equal one is not a change, and no stream reports it.
    const late = round(table, true)
    const told = await put(
      table,
      isContinued ? removedFirst({ client, table: prefix + table.name, signal }, late) : late,
    )
    sums.told += told
    sums.items += told
  }
  for (const { name } of tables) {
    const found = new RowsHash()
    await scanItems(client, prefix + name, {
      signal,
      onItem: (item) => note(found, { item, line: Buffer.from(itemLine(item)) }, startedAt),
    })
    const wanted = expected.get(name)
    if (found.rows === wanted?.rows && found.value === wanted.value) continue
    throw new BackupError(
      'backup.items_differ',
      `${prefix + name} holds ${found.rows} items that differ from the ${wanted?.rows ?? 0} that were put: another process writes to it`,
      {
        details: { table: prefix + name },
        remedy: 'stop the processes that write to these tables, and restore into new ones',
      },
    )
  }
  return sums
}

/** Items that expire soon may be gone when they are read. */
function note(hash: RowsHash | undefined, { item, line }: ReadItem, startedAt: number): void {
  if (expiresAtMs(item) > startedAt + SOON_MS) hash?.add(line)
}

async function* removedFirst(
  options: Parameters<typeof writeAll>[0],
  items: AsyncIterable<Item>,
): AsyncGenerator<Item, void, undefined> {
  for await (const item of items) {
    const { pk, sk } = item
    if (pk && sk) await writeAll(options, [{ DeleteRequest: { Key: { pk, sk } } }])
    yield item
  }
}
