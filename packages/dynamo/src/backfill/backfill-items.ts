import { type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb'
import {
  assertAboveZero,
  type BackfillBatch,
  type BackfillOptions,
  type BackfillProgress,
  defined,
  runBackfill,
} from '@miyabi/core'
import { withOurErrors } from '../client/call.js'
import { DynamoInputError } from '../errors/errors.js'
import { changeItem, type ItemChange } from './change-item.js'
import { type BackfillTable, isNote, readBackfillTable } from './key.js'
import { readNote, writeNote } from './note.js'

/** A change to every item of a table, in small pages, while the table is in use. */
export interface ItemsBackfill extends ItemChange, BackfillOptions {
  /**
   * The table records its progress under this name: a backfill resumes where it stopped and does not repeat completed
   * pages.
   */
  readonly name: string
  /** The table's full name, with the prefix. Its keys must be strings. */
  readonly table: string
  /**
   * Number of segments of the table, read in parallel, one page of each at a time: for a table that is too large for a
   * single scan. 1 to 100; default 1. Keep the number for the whole backfill: with another number it starts over.
   */
  readonly segments?: number | undefined
  /** Items in one page. Default 100. */
  readonly pageItems?: number | undefined
  /** Items of a page written concurrently. Default 10. */
  readonly concurrency?: number | undefined
}

/**
 * Changes the items of a table page by page. After each page its position is recorded in an item of the table itself:
 * no item is skipped if the process ends. A page may be processed twice, so `change` must recognize items that it has
 * already changed; a `change` that does not is refused.
 *
 * An item that another writer changes meanwhile keeps that write, and is changed again. Items that are put meanwhile
 * may lie behind the current position: all writers must write the new shape before the backfill starts.
 *
 * Costs half the read units of the table's size twice (consistent), and a write for each changed item.
 *
 * @throws {MiyabiError} `core.backfill.option_invalid` for a number that is not above 0.
 * @throws {DynamoInputError} for an invalid table, `change` or number of segments.
 * @throws {DynamoError} why it stopped. Completed work is kept; run it again to resume.
 * @throws the signal's reason.
 */
export async function backfillItems(client: DynamoDBClient, backfill: ItemsBackfill): Promise<BackfillProgress> {
  const { rowsPerSecond, pageItems, concurrency, segments = 1 } = backfill
  assertAboveZero({ rowsPerSecond, pageItems, concurrency })
  if (!Number.isInteger(segments) || segments < 1 || segments > 100) {
    throw new DynamoInputError('segments', 'is not a whole number from 1 to 100')
  }
  const call = { operation: 'backfill', tables: [backfill.table] }
  const table = await withOurErrors(call, () => readBackfillTable(client, backfill.table))
  const parts: Part[] = Array.from({ length: segments }, (_, segment) => ({ segment }))
  const batch = async (): Promise<BackfillBatch> => {
    const open = parts.filter(({ last }) => !last?.isDone)
    await allEnded(
      open.map(async (part) => {
        part.last = await runPage(client, backfill, table, part.segment)
      }),
    )
    const sum = (of: (last: BackfillBatch) => number, among = parts): number =>
      among.reduce((total, { last }) => total + (last ? of(last) : 0), 0)
    return {
      rows: sum(({ rows }) => rows, open),
      seen: sum(({ seen }) => seen),
      changed: sum(({ changed }) => changed),
      isDone: parts.every(({ last }) => last?.isDone),
    }
  }
  return runBackfill(() => withOurErrors(call, batch), { ...backfill, total: table.estimate })
}

/** A segment of the table, and the outcome of its last page. */
interface Part {
  readonly segment: number
  last?: BackfillBatch
}

/** Waits for all, so that nothing continues after a failure; then throws the first. */
async function allEnded(work: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((end) => end.status === 'rejected')
  if (failed) throw failed.reason
}

async function runPage(
  client: DynamoDBClient,
  backfill: ItemsBackfill,
  table: BackfillTable,
  segment: number,
): Promise<BackfillBatch> {
  const { segments = 1, pageItems = 100, concurrency = 10 } = backfill
  const name = segments === 1 ? backfill.name : `${backfill.name}#${segment}/${segments}`
  const note = await readNote(client, table, name)
  if (note.isDone) return { rows: 0, ...note }
  const { Items = [], LastEvaluatedKey } = await client.send(
    new ScanCommand({
      TableName: table.name,
      Limit: pageItems,
      ConsistentRead: true,
      ...(segments > 1 && { Segment: segment, TotalSegments: segments }),
      ...defined({ ExclusiveStartKey: note.position }),
    }),
  )
  const items = Items.filter((item) => !isNote(table, item))
  const left = items.values()
  let changed = 0
  const lane = async (): Promise<void> => {
    for (const item of left) if (await changeItem(client, table, backfill, item)) changed += 1
  }
  await allEnded(Array.from({ length: concurrency }, lane))
  const next = {
    position: LastEvaluatedKey,
    seen: note.seen + items.length,
    changed: note.changed + changed,
    isDone: LastEvaluatedKey === undefined,
    revision: note.revision,
  }
  const isNoted = await writeNote(client, table, name, next)
  return { rows: items.length, ...(isNoted ? next : note) }
}
