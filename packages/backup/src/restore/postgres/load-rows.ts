import pg from 'pg'
import { damaged } from '../../errors/errors.js'
import type { PostgresTable } from '../../format/manifest.js'
import type { OpenedBackup } from '../../format/open-backup.js'
import { copyIn } from '../../postgres/copy-in.js'
import { fileOf } from '../file-of.js'
import type { Table } from './tables.js'

const { escapeIdentifier, escapeLiteral } = pg

/**
 * Inserts the rows of a backup into tables that are open, replacing their contents, and sets the sequences. For use
 * inside a transaction: that a file is complete is known only at its end.
 * @throws {BackupError} `backup.damaged`
 */
export async function loadRows(
  client: pg.Client,
  { manifest, read }: OpenedBackup,
  { tables, onTable }: { readonly tables: readonly Table[]; readonly onTable: (table: string, rows: number) => void },
): Promise<number> {
  await client.query(`TRUNCATE ${tables.map(({ sql }) => sql).join(', ')}`)
  let sum = 0
  for (const table of manifest.postgres.tables) {
    const rows = await copyIn(client, copyText(table), read(fileOf(manifest, table.file)))
    if (rows !== table.rows)
      throw damaged(manifest.id, table.file, `holds ${rows} rows, but ${table.rows} were written`)
    sum += rows
    onTable(table.name, rows)
  }
  for (const { schema, sequence, value, isCalled } of manifest.postgres.sequences) {
    await client.query('SELECT setval($1::regclass, $2::bigint, $3)', [
      `${escapeIdentifier(schema)}.${escapeIdentifier(sequence)}`,
      value,
      isCalled,
    ])
  }
  return sum
}

const copyText = ({ schema, table, columns }: PostgresTable): string =>
  `COPY ${escapeIdentifier(schema)}.${escapeIdentifier(table)} (${columns.map((one) => escapeIdentifier(one)).join(', ')})
   FROM STDIN WITH (FORMAT text, ENCODING ${escapeLiteral('UTF8')})`
