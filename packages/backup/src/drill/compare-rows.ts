import pg from 'pg'
import type { Manifest } from '../format/manifest.js'
import { RowsHash } from '../format/rows-hash.js'
import { copyTable } from '../postgres/dump.js'

const { escapeIdentifier } = pg

/**
 * How the tables and sequences of a database differ from a backup, as text. In the restoring transaction, before
 * anything is changed there, with the settings under which rows are backed up.
 */
export async function compareRows(
  client: pg.Client,
  { postgres }: Manifest,
  onTable: (table: string) => void,
): Promise<readonly string[]> {
  const differences: string[] = []
  for (const table of postgres.tables) {
    onTable(table.name)
    const hash = new RowsHash()
    for await (const _ of copyTable(client, table, hash)) {
      // Only their hash is needed.
    }
    if (hash.rows !== table.rows) differences.push(`${table.name}: ${hash.rows} rows, but ${table.rows} were backed up`)
    else if (hash.value !== table.hash) differences.push(`${table.name}: rows differ from those backed up`)
  }
  for (const { name, schema, sequence, value, isCalled } of postgres.sequences) {
    const { rows } = await client.query<{ value: string; isCalled: boolean }>(
      `SELECT last_value::text AS value, is_called AS "isCalled" FROM ${escapeIdentifier(schema)}.${escapeIdentifier(sequence)}`,
    )
    const [found] = rows
    if (found?.value !== value || found.isCalled !== isCalled)
      differences.push(`${name}: at ${found?.value}, but was at ${value}`)
  }
  return differences
}
