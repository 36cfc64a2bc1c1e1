import { createHash } from 'node:crypto'
import { catalogDump, type Target } from '@miyabi/migrate'
import pg from 'pg'
import type { Flow } from '../format/flow.js'
import type { FileEntry, PostgresTable } from '../format/manifest.js'
import { RowsHash } from '../format/rows-hash.js'
import { type BackupPlace, fileName, writeFile } from '../format/write-backup.js'
import { type ConnectOptions, connect } from './connect.js'
import { copyOut } from './copy-out.js'
import { toDatabaseError } from './database-error.js'
import { joinSnapshot, type Snapshot } from './snapshot.js'
import { quoted, type SourceTable, tableName } from './tables.js'

/** A table as it was stored, and its file. */
export interface DumpedTable {
  readonly table: PostgresTable
  readonly entry: FileEntry
}

export interface DumpOptions {
  readonly database: Target
  readonly snapshot: Snapshot
  /** Connections that read, besides the snapshot's. */
  readonly connections: number
  readonly lockTimeoutMs: number
}

/** Stores the rows of every table of the snapshot, one file each, over several connections; the largest first. */
export async function dumpTables(
  place: BackupPlace,
  { database, snapshot, connections, lockTimeoutMs }: DumpOptions,
  flow: Flow,
): Promise<readonly DumpedTable[]> {
  const queue = snapshot.tables.toSorted((a, b) => b.bytes - a.bytes)
  const dumped: DumpedTable[] = []
  const work = async (): Promise<void> => {
    const client = await joinSnapshot(database, snapshot, { lockTimeoutMs, signal: place.signal })
    try {
      for (let table = queue.shift(); table !== undefined; table = queue.shift()) {
        dumped.push(await dumpTable(place, client, table, flow))
      }
    } finally {
      queue.length = 0 // the first failure ends all of them
      await client.end().catch(() => {})
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: connections }, work))
  const failed = ends.find((end) => end.status === 'rejected')
  if (failed) throw failed.reason
  return dumped.sort((a, b) => (a.table.name < b.table.name ? -1 : 1))
}

async function dumpTable(place: BackupPlace, client: pg.Client, source: SourceTable, flow: Flow): Promise<DumpedTable> {
  const name = tableName(source)
  const file = fileName(place, `postgres/${encodeURIComponent(name)}.copy`)
  const hash = new RowsHash()
  const entry = await writeFile(place, file, passed(copyTable(client, source, hash), name, hash, flow))
  const { schema, table, columns } = source
  return { entry, table: { name, schema, table, columns, rows: hash.rows, hash: hash.value, file } }
}

/** The rows of a table in COPY's text format, by `columns`; counted and hashed as they pass. */
export function copyTable(
  client: pg.Client,
  source: Pick<SourceTable, 'schema' | 'table' | 'columns'>,
  hash: RowsHash,
): AsyncGenerator<Buffer> {
  const columns = source.columns.map((column) => pg.escapeIdentifier(column)).join(', ')
  // For a partitioned table, COPY by its name returns no row.
  return copyOut(client, `COPY (SELECT ${columns} FROM ${quoted(source)}) TO STDOUT`, hash)
}

async function* passed(
  parts: AsyncIterable<Buffer>,
  table: string,
  hash: RowsHash,
  flow: Flow,
): AsyncGenerator<Buffer> {
  let before = 0
  for await (const part of parts) {
    await flow.passed({ store: 'postgres', table, rows: hash.rows - before, bytes: part.length })
    before = hash.rows
    yield part
  }
}

/**
 * SHA-256 of everything that the catalog contains of the schema; excluding monthly partitions, which are created and
 * dropped.
 */
export async function fingerprint(database: Target, options: ConnectOptions): Promise<string> {
  const client = await connect(database, options)
  try {
    const entries = await catalogDump(client)
    const lasting = entries.filter(({ name, on = name }) => !on.startsWith(PARTITIONS))
    return createHash('sha256').update(JSON.stringify(lasting)).digest('hex')
  } catch (error) {
    throw toDatabaseError(error)
  } finally {
    await client.end().catch(() => {})
  }
}

/** The schema that holds the monthly partitions. */
const PARTITIONS = 'parts.'
