import { ensureMonths } from '@miyabi/migrate'
import type pg from 'pg'
import { linesOf } from '../../format/lines.js'
import type { PostgresTable } from '../../format/manifest.js'
import type { OpenedBackup } from '../../format/open-backup.js'
import { fileOf } from '../file-of.js'
import { tablesOf } from './tables.js'

const TAB = 0x09

/**
 * Creates the missing partitions for the rows of a backup: the id of a row determines its month. The files of such
 * tables are read a second time for that.
 */
export async function makeMonths(client: pg.ClientBase, backup: OpenedBackup): Promise<void> {
  const partitioned = new Set(
    (await tablesOf(client)).flatMap(({ name, isPartitioned }) => (isPartitioned ? [name] : [])),
  )
  for (const table of backup.manifest.postgres.tables) {
    if (!partitioned.has(table.name) || table.rows === 0) continue
    const [from, to] = await spanOf(backup, table)
    await ensureMonths(client, table.table, from, to)
  }
}

/** The times of the oldest and the newest id. */
async function spanOf(
  { manifest, read }: OpenedBackup,
  { columns, file }: PostgresTable,
): Promise<readonly [Date, Date]> {
  const column = columns.indexOf('id')
  let [oldest, newest] = ['', '']
  for await (const line of linesOf(read(fileOf(manifest, file)))) {
    const id = fieldOf(line, column)
    if (oldest === '' || id < oldest) oldest = id
    if (id > newest) newest = id
  }
  return [timeOf(oldest), timeOf(newest)]
}

/** A value of a row in COPY's text format, which needs no unescaping for an id. */
function fieldOf(line: Buffer, column: number): string {
  let start = 0
  for (let index = 0; index < column; index += 1) start = line.indexOf(TAB, start) + 1
  const end = line.indexOf(TAB, start)
  return line.toString('latin1', start, end < 0 ? line.length : end)
}

/** A UUIDv7 begins with its time. */
const timeOf = (id: string): Date => new Date(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16))
