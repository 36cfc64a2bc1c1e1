import type pg from 'pg'
import type { DatabaseCheck } from './check.js'
import { DUPLICATE, FOREIGN_KEYS, INVALID, UNUSED } from './index-queries.js'

/** When an unused index is reported. */
export interface UnusedAfter {
  /** Rows of its table, as the server estimates them. A small table is read completely anyway. */
  readonly rows: number
  /** Days for which the server has counted: a report that runs on the first of the month needs a month. */
  readonly days: number
}

/** Creates the check of the indexes. */
export const indexesCheck = (unusedAfter: UnusedAfter = { rows: 10_000, days: 31 }): DatabaseCheck => ({
  name: 'indexes',
  looksFor: 'indexes that are invalid, duplicate or unused, and foreign keys without one',
  async run(client) {
    const ask = (sql: string, values: unknown[] = []) => rowsOf(client, sql, values)
    const invalid = await ask(INVALID)
    const duplicate = await ask(DUPLICATE)
    const missing = await ask(FOREIGN_KEYS)
    const unused = await ask(UNUSED, [unusedAfter.rows, unusedAfter.days])
    return [
      ...invalid.map(({ index, table, definition }) => ({
        check: 'indexes.invalid',
        object: index,
        problem: `every write to ${table} maintains it, and no query can use it: its build did not complete`,
        remedy: `DROP INDEX CONCURRENTLY ${index}; then make it again: ${definition.replace(' INDEX ', ' INDEX CONCURRENTLY ')}`,
      })),
      ...duplicate.map(({ index, table, kept }) => ({
        check: 'indexes.duplicate',
        object: index,
        problem: `it duplicates ${kept}, and every write to ${table} maintains both`,
        remedy: `DROP INDEX CONCURRENTLY ${index}, in a migration of its own`,
      })),
      ...missing.map(({ constraint, table, referenced, columns }) => ({
        check: 'indexes.foreign_key',
        object: `${table} (${columns})`,
        problem: `no index begins with its columns: deleting a row of ${referenced} reads all of ${table} (${constraint})`,
        remedy: `CREATE INDEX CONCURRENTLY ON ${table} (${columns}), in a migration of its own`,
      })),
      ...unused.map(({ index, table, size, days }) => ({
        check: 'indexes.unused',
        object: index,
        problem: `no query has used it for ${days} days (${size}), and every write to ${table} maintains it; replicas keep separate counts`,
        remedy: `DROP INDEX CONCURRENTLY ${index}, in a migration of its own`,
      })),
    ]
  },
})

/** The queries' name for a column. */
type Row = Readonly<
  Record<'index' | 'table' | 'definition' | 'kept' | 'constraint' | 'referenced' | 'columns' | 'size' | 'days', string>
>

async function rowsOf(client: pg.Client, sql: string, values: unknown[]): Promise<Row[]> {
  return (await client.query<Row>(sql, values)).rows
}
