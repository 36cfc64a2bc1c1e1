import { MiyabiError } from '@miyabi/core'
import type pg from 'pg'
import { withClient } from '../connection/client.js'
import { toConnectError } from '../connection/connect-error.js'
import { type DatabaseLocation, targetOf } from '../connection/target.js'
import { detachAndDrop } from './detach-and-drop.js'
import { addMonth } from './ensure-months.js'
import { PartitionError } from './errors.js'
import { type Keep, keptSince } from './keep.js'
import { withLocks } from './locked.js'
import { monthOf, monthsAfter, monthsBetween, type Partition, readPartitions, tablesByMonth } from './months.js'
import { COUNTED_TABLE, compareUsage, type UsageComparison } from './usage.js'

/** Months that exist before they are needed. */
const AHEAD = 3
const MOST_AHEAD = 120

/** Any number that nothing else in a database locks. */
const LOCK = 7_350_041_126

export interface MaintainOptions {
  /** The login of the tables' owner: the migrator's. */
  readonly database: DatabaseLocation
  /** How many months must exist after the current one: 1 to 120. Default: 3. */
  readonly ahead?: number
  /** What may be dropped, by table. Default: nothing. A month is dropped when its last row may be. */
  readonly keep?: Keep
  /** Changes nothing, and returns what would be done. */
  readonly dryRun?: boolean
  /** Also drops months of usage whose sums differ from those of their events, and reports the difference. */
  readonly force?: boolean
  /** Called after each step. */
  readonly onStep?: (step: PartitionStep) => void
  readonly signal?: AbortSignal | undefined
}

/** What was done, or with `dryRun` would be. */
export type PartitionStep =
  /** A month was created. */
  | { readonly kind: 'made'; readonly table: string; readonly month: string }
  /** A partition was dropped, with everything in it. */
  | ({ readonly kind: 'dropped' } & Gone)
  /** A partition of usage was kept although it is old: its sums differ from those of its events. */
  | ({ readonly kind: 'kept' } & Gone & { readonly usage: UsageComparison })

interface Gone {
  readonly table: string
  /** `parts.logs_2026_11` */
  readonly partition: string
  /** The day before which all its rows are, `2026-12-01`. */
  readonly until: string
  readonly bytes: number
  /** Only for `usage_events`. */
  readonly usage?: UsageComparison
}

/**
 * Creates the monthly partitions that tables will need, and drops those that may be dropped. Safe to run concurrently
 * with itself and with other users of the tables; if it was interrupted, calling it again resumes.
 *
 * @returns what it did, in order.
 * @throws {PartitionError} see its codes
 */
export async function maintainPartitions(options: MaintainOptions): Promise<readonly PartitionStep[]> {
  const target = targetOf(options.database)
  const { signal } = options
  try {
    return await withClient(target.config, (client) => asTheOnlyOne(client, () => maintain(client, options)), signal)
  } catch (error) {
    signal?.throwIfAborted()
    throw error instanceof MiyabiError ? error : toConnectError(error, target)
  }
}

async function asTheOnlyOne<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  const { rows } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1) AS locked', [LOCK])
  if (rows[0]?.locked) return work() // until the connection ends
  throw new PartitionError('migrate.partitions.busy', 'Another run is working on the partitions of this database', {
    remedy: 'wait until it has ended',
  })
}

async function maintain(client: pg.Client, options: MaintainOptions): Promise<readonly PartitionStep[]> {
  const { ahead = AHEAD, keep = {}, dryRun = false, onStep, signal } = options
  if (!Number.isInteger(ahead) || ahead < 1 || ahead > MOST_AHEAD)
    throw new RangeError(`ahead is ${ahead}: expected a whole number from 1 to ${MOST_AHEAD}`)
  const tables = await tablesByMonth(client)
  const now = new Date()
  const limits = new Map(
    Object.entries(keep).map(([table, time]) => [known(table, tables), keptSince(table, time, now)]),
  )
  const steps: PartitionStep[] = []
  const note = (step: PartitionStep): void => {
    steps.push(step)
    onStep?.(step)
  }
  const partitions = await readPartitions(client)
  for (const table of tables) {
    for (const month of monthsBetween(now, monthsAfter(now, ahead))) {
      const isThere = partitions.some((part) => part.table === table && !part.isLeaving && holds(part, month))
      if (isThere) continue
      const isMade = dryRun || (await withLocks(client, table, () => addMonth(client, table, month), signal))
      if (isMade) note({ kind: 'made', table, month: monthOf(month) })
    }
  }
  for (const partition of partitions) {
    const limit = limits.get(partition.table)
    const mayGo = partition.isLeaving || (limit !== undefined && partition.to <= limit) // what was started is finished
    if (mayGo) note(await drop(client, partition, options))
  }
  return steps
}

async function drop(
  client: pg.Client,
  partition: Partition,
  { dryRun = false, force = false, signal }: MaintainOptions,
): Promise<PartitionStep> {
  const { table, name, to, bytes } = partition
  const isCompared = table === COUNTED_TABLE && !partition.isLeaving
  const gone = { table, partition: name, until: to.toISOString().slice(0, 10), bytes }
  const usage = isCompared ? await compareUsage(client, partition) : undefined
  if (usage && usage.differing > 0 && !force) return { kind: 'kept', ...gone, usage }
  if (!dryRun) await detachAndDrop(client, partition, signal)
  return { kind: 'dropped', ...gone, ...(usage && { usage }) }
}

const holds = ({ from, to }: Partition, month: Date): boolean => (from === undefined || from <= month) && month < to

function known(table: string, tables: readonly string[]): string {
  if (tables.includes(table)) return table
  throw new PartitionError('migrate.partitions.table_unknown', `${table} is not a table with monthly partitions`, {
    details: { table },
    remedy: `name one of ${tables.join(', ')}`,
  })
}
