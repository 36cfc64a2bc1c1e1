import pg from 'pg'
import { seeAllRows } from '../loss/see-all-rows.js'
import { readTables, type Table } from '../loss/tables.js'

/** All rows of a table; values as the server prints them, in the order of the table's columns. */
export interface TableContents extends Table {
  readonly rows: readonly (readonly (string | null)[])[]
}

/** Reads every row of every table, regardless of policies. For databases with a few rows in each. */
export async function snapshot(client: pg.ClientBase): Promise<TableContents[]> {
  await client.query('BEGIN')
  try {
    const tables = await readTables(client)
    return await seeAllRows(client, tables, async () => {
      const contents: TableContents[] = []
      for (const table of tables) contents.push({ ...table, rows: await rowsOf(client, table) })
      return contents
    })
  } finally {
    await client.query('ROLLBACK')
  }
}

async function rowsOf(client: pg.ClientBase, { sql, columns }: Table): Promise<(string | null)[][]> {
  const texts = columns.map(({ name }) => `${pg.escapeIdentifier(name)}::text`)
  const { rows } = await client.query<(string | null)[]>({
    text: `SELECT ${texts.join(', ')} FROM ${sql}`,
    rowMode: 'array',
  })
  return rows
}
