import { HISTORY_TABLE, isOwnRelation, type Target } from '@miyabi/migrate'
import pg from 'pg'
import { BackupError } from '../errors/errors.js'
import type { Manifest, SequenceValue } from '../format/manifest.js'
import { type ConnectOptions, connect } from './connect.js'
import { sqlstateOf, toDatabaseError } from './database-error.js'
import { quoted, readTables, type SourceTable, tableName } from './tables.js'

/** One moment of the database, which other connections can read too, for as long as `client` is in its transaction. */
export interface Snapshot {
  readonly client: pg.Client
  /** For `SET TRANSACTION SNAPSHOT`. */
  readonly id: string
  /** By the server's clock, in milliseconds since 1970; not before what the snapshot shows. */
  readonly atMs: number
  readonly lsn: string
  readonly serverVersion: string
  readonly tables: readonly SourceTable[]
}

const ATTEMPTS = 3
const UNDEFINED = new Set(['42P01', '3F000'])

/**
 * Locks every table against changes of its definition, not of its rows, then takes a snapshot: so the tables of the
 * snapshot match the list.
 * @throws {BackupError} `backup.database_unreachable`, `backup.tables_denied`, `backup.rows_hidden`,
 * `backup.tables_locked`, `backup.tables_changed`
 */
export async function openSnapshot(target: Target, options: ConnectOptions): Promise<Snapshot> {
  const client = await connect(target, options)
  try {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const tables = await readTables(client)
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
      const isLocked = await lock(client, tables)
      if (isLocked) {
        const facts = await takeSnapshot(client)
        if (formOf(await readTables(client)) === formOf(tables)) return { client, tables, ...facts }
      }
      await client.query('ROLLBACK')
    }
    throw new BackupError('backup.tables_changed', 'Tables were created or dropped each time the backup began', {
      details: {},
      remedy: 'run it when no migration is running',
    })
  } catch (error) {
    await client.end().catch(() => {})
    options.signal?.throwIfAborted()
    throw toDatabaseError(error)
  }
}

/** @returns false if one of them no longer exists. */
async function lock(client: pg.Client, tables: readonly SourceTable[]): Promise<boolean> {
  if (tables.length === 0) return true
  try {
    await client.query(`LOCK TABLE ${tables.map(quoted).join(', ')} IN ACCESS SHARE MODE`)
    return true
  } catch (error) {
    if (UNDEFINED.has(sqlstateOf(error) ?? '')) return false
    throw error
  }
}

const formOf = (tables: readonly SourceTable[]): string =>
  JSON.stringify(tables.map(({ schema, table, columns }) => [schema, table, columns]))

async function takeSnapshot(client: pg.Client): Promise<Pick<Snapshot, 'id' | 'atMs' | 'lsn' | 'serverVersion'>> {
  // The time is read after the snapshot was taken.
  const { rows } = await client.query<Pick<Snapshot, 'id' | 'atMs' | 'lsn' | 'serverVersion'>>(
    `SELECT pg_export_snapshot() AS id, ceil(extract(epoch FROM clock_timestamp()) * 1000)::float8 AS "atMs",
            (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END)::text AS lsn,
            current_setting('server_version') AS "serverVersion"`,
  )
  return rows[0] as Pick<Snapshot, 'id' | 'atMs' | 'lsn' | 'serverVersion'>
}

/**
 * Opens another connection with the same snapshot, and locks the tables likewise: otherwise a session that waits to
 * change one would come in between, and wait for the first connection, which waits for this one.
 * @throws {BackupError} `backup.database_unreachable`, `backup.tables_locked`
 */
export async function joinSnapshot(
  target: Target,
  { id, tables }: Snapshot,
  options: ConnectOptions,
): Promise<pg.Client> {
  const client = await connect(target, options)
  try {
    await client.query(
      `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT ${pg.escapeLiteral(id)}`,
    )
    await lock(client, tables)
    return client
  } catch (error) {
    await client.end().catch(() => {})
    options.signal?.throwIfAborted()
    throw toDatabaseError(error)
  }
}

/**
 * The value of each sequence. Not from the snapshot, which does not include sequences: from later, so at least as high.
 */
export async function readSequences(client: pg.Client): Promise<SequenceValue[]> {
  const { rows } = await client.query<{ schema: string; sequence: string }>(
    `SELECT n.nspname AS schema, c.relname AS sequence FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE ${isOwnRelation('c')} AND c.relkind = 'S' ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`,
  )
  const values: SequenceValue[] = []
  for (const { schema, sequence } of rows) {
    const found = await client.query<{ value: string; isCalled: boolean }>(
      `SELECT last_value::text AS value, is_called AS "isCalled" FROM ${quoted({ schema, table: sequence })}`,
    )
    for (const { value, isCalled } of found.rows) {
      values.push({ name: tableName({ schema, table: sequence }), schema, sequence, value, isCalled })
    }
  }
  return values
}

/** The applied migrations in Prisma's history, in order; empty if there is none. */
export async function readMigrations(client: pg.Client, schema: string): Promise<Manifest['schema']['migrations']> {
  const table = quoted({ schema, table: HISTORY_TABLE })
  const { rows: found } = await client.query<{ exists: boolean }>('SELECT to_regclass($1) IS NOT NULL AS exists', [
    table,
  ])
  if (!found[0]?.exists) return []
  const { rows } = await client.query<{ name: string; checksum: string }>(
    `SELECT migration_name AS name, checksum FROM ${table}
      WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY migration_name COLLATE "C"`,
  )
  return rows
}
