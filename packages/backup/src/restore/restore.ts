import type { KeyObject } from 'node:crypto'
import type { Dynamo } from '@miyabi/dynamo'
import { deployMigrations, type Migration, type Target } from '@miyabi/migrate'
import type pg from 'pg'
import type { Erasure } from '../create/erasures.js'
import { type OpenedBackup, openBackup } from '../format/open-backup.js'
import type { BackupTarget } from '../target/target.js'
import { type LoadedItems, loadItems } from './dynamo/load-items.js'
import { removeNotes } from './dynamo/note.js'
import { filledDynamoTables, openDynamoTables } from './dynamo/open-tables.js'
import { readErasureMarks } from './erasure-marks.js'
import { withClient } from './postgres/client.js'
import { filledTables } from './postgres/empty.js'
import { uncountedFrom } from './postgres/floors.js'
import { loadDatabase, notEmpty } from './postgres/load-database.js'
import { type MigrationsOfBackup, migrateToBackup, migrationsOf } from './postgres/migrate-to.js'
import { makeMonths } from './postgres/months.js'
import { type Erasures, hasMarks, markRestored, settle } from './postgres/settle.js'
import { tablesOf } from './postgres/tables.js'
import { inTransaction } from './postgres/transaction.js'

/** What a restore is doing. */
export interface RestoreProgress {
  readonly says: string
  /** Rows or items so far of the current table. */
  readonly done?: number
}

/** Where a backup is restored to. */
export interface RestorePlace {
  /** The migrator's login: it owns the tables. */
  readonly database: Target
  readonly dynamo: Dynamo
  /** DYNAMODB_TABLE_PREFIX. */
  readonly prefix: string
  /** All migrations of this release. */
  readonly migrations: readonly Migration[]
}

export interface RestoreOptions extends RestorePlace {
  readonly target: BackupTarget
  readonly backup: string
  readonly key?: KeyObject | undefined
  /** Accepts a backup that is not encrypted although a key is set. Default false. */
  readonly plain?: boolean | undefined
  /** Erases the persons who were erased after the cut; `without` leaves them in. */
  readonly erase: ((marks: readonly Erasure[]) => Promise<unknown>) | 'without'
  readonly onProgress?: ((progress: RestoreProgress) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** What was restored. */
export interface Restored extends LoadedItems {
  readonly backup: string
  /** The moment that both stores are restored to, ISO 8601. */
  readonly cut: string
  readonly rows: number
  /** Rows of the outbox at the cut: `resume` requires a decision about them. */
  readonly outbox: readonly OutboxRows[]
  /** Migrations that were applied after the rows were restored. */
  readonly migrated: readonly string[]
  readonly erasures: Erasures
}

/** Rows of the outbox by their topic. */
export interface OutboxRows {
  readonly topic: string
  readonly rows: number
  readonly oldest: Date
}

/** Inspects what was loaded, before any of it is changed. */
export type Inspect = (loaded: { readonly client: pg.Client; readonly backup: OpenedBackup }) => Promise<void>

/**
 * Restores a backup of both stores into an empty stack. Until `resumeStore`, no relay and no stream consumer works on
 * it.
 *
 * PostgreSQL's rows are restored in one transaction, which commits when DynamoDB's items are restored, too: a failure
 * before that leaves the database empty, and the same call resumes with the items already there.
 *
 * @throws {BackupError} see its codes
 * @throws {MigrationError}, {DynamoError}
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { target, key, plain, erase } = options
  const backup = await openBackup(target, options.backup, { key, plain })
  const marks = erase === 'without' ? undefined : await readErasureMarks(target)
  const restored = await restoreInto(options, backup, marks === undefined ? 'without' : 'pending')
  if (marks === undefined || erase === 'without') return restored
  options.onProgress?.({ says: `erasing the persons of ${marks.length} marks again` })
  await erase(marks)
  await withClient(options.database, options.signal, (client) =>
    client.query(`UPDATE public.restores SET erasures = 'applied' WHERE resumed_at IS NULL AND erasures = 'pending'`),
  )
  return { ...restored, erasures: 'applied' }
}

/** @param inspect is called when everything is loaded, inside the transaction. */
export async function restoreInto(
  {
    onProgress = () => {},
    signal = new AbortController().signal,
    ...place
  }: Omit<RestoreOptions, 'target' | 'backup' | 'erase'>,
  backup: OpenedBackup,
  erasures: Erasures,
  inspect: Inspect = async () => {},
): Promise<Restored> {
  const { manifest } = backup
  const { database, dynamo, prefix } = place
  const migrations = migrationsOf(manifest, place.migrations)
  await refuseData(place, manifest.id, signal)
  await migrateToBackup(database, migrations, {
    signal,
    onProgress: (name) => onProgress({ says: `applying ${name}` }),
  })
  const isContinued = await openDynamoTables({ dynamo, prefix }, manifest.id, signal)
  const loaded = await withClient(database, signal, async (client) => {
    await makeMonths(client, backup)
    return inTransaction(client, async () => {
      const onTable = (table: string, done: number): void => onProgress({ says: `rows of ${table}`, done })
      const rows = await loadDatabase(client, backup, onTable)
      const items = await loadItems({ dynamo, prefix }, backup, {
        uncountedFrom: await uncountedFrom(client, manifest.cut),
        isContinued,
        signal,
        onItems: totals((table, done) => onProgress({ says: `items of ${table}`, done })),
      })
      await inspect({ client, backup })
      await settle(client)
      const isMarked = await hasMarks(client)
      if (isMarked) await markRestored(client, manifest, { rows, items: items.items, erasures })
      return { rows, ...items, isMarked }
    })
  })
  const { isMarked, ...counts } = loaded
  const migrated = await migrateUp(place, migrations, signal, onProgress)
  const outbox = await withClient(database, signal, async (client) => {
    if (!isMarked) await markRestored(client, manifest, { rows: counts.rows, items: counts.items, erasures })
    onProgress({ says: 'collecting statistics for the planner' })
    await client.query('ANALYZE')
    return outboxRows(client)
  })
  await removeNotes({ dynamo, prefix })
  return { backup: manifest.id, cut: manifest.cut.at, ...counts, outbox, migrated, erasures }
}

async function refuseData(
  { database, dynamo, prefix }: RestorePlace,
  backup: string,
  signal: AbortSignal,
): Promise<void> {
  const rows = await withClient(database, signal, async (client) => filledTables(client, await tablesOf(client)))
  const items = await filledDynamoTables({ dynamo, prefix }, backup)
  if (rows.length + items.length > 0) throw notEmpty([...rows, ...items])
}

async function migrateUp(
  { database, migrations }: RestorePlace,
  { after }: MigrationsOfBackup,
  signal: AbortSignal,
  onProgress: (progress: RestoreProgress) => void,
): Promise<readonly string[]> {
  if (after.length === 0) return []
  return deployMigrations({
    database,
    migrations,
    signal,
    onProgress: (name) => onProgress({ says: `applying ${name}` }),
  })
}

/** The contents of the outbox, by topic. */
export async function outboxRows(client: pg.ClientBase, until?: string): Promise<readonly OutboxRows[]> {
  const { rows } = await client.query<OutboxRows>(
    `SELECT topic, count(*)::int AS rows, min(created_at) AS oldest FROM public.outbox
      WHERE $1::bigint IS NULL OR position <= $1 GROUP BY topic ORDER BY topic`,
    [until ?? null],
  )
  return rows
}

/** Sums counts, by table. */
function totals(tell: (table: string, sum: number) => void): (table: string, count: number) => void {
  const sums = new Map<string, number>()
  return (table, count) => {
    const sum = (sums.get(table) ?? 0) + count
    sums.set(table, sum)
    tell(table, sum)
  }
}
