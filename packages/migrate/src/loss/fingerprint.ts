import pg from 'pg'
import type { Column, Table } from './tables.js'

/** The contents of a table, in a few numbers. */
export interface Fingerprint {
  readonly rows: number
  /** Values that are not null, of all columns that were read. */
  readonly values: number
  /** By name of the column: how many values, and a sum over them that does not depend on their order. */
  readonly columns: ReadonlyMap<string, { readonly values: number; readonly sum: string }>
}

/** Counts the rows of a table and the values of some of its columns. Reads all of it. */
export async function fingerprint(
  client: pg.ClientBase,
  table: Table,
  columns: readonly Column[] = table.columns,
): Promise<Fingerprint> {
  const parts = columns.flatMap(({ name }) => {
    const column = pg.escapeIdentifier(name)
    return [`count(${column})`, `coalesce(sum(hashtextextended(${column}::text, 0)::numeric), 0)`]
  })
  const { rows } = await client.query<string[]>({
    text: `SELECT ${['count(*)', ...parts].join(', ')} FROM ${table.sql}`,
    rowMode: 'array',
  })
  const [count = '0', ...facts] = rows[0] ?? []
  const byColumn = columns.map(({ name }, index) => {
    return [name, { values: Number(facts[2 * index]), sum: String(facts[2 * index + 1]) }] as const
  })
  return {
    rows: Number(count),
    values: byColumn.reduce((sum, [, { values }]) => sum + values, 0),
    columns: new Map(byColumn),
  }
}
