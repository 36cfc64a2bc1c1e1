import pg from 'pg'
import type { Table } from './tables.js'

/**
 * Runs `work` on every row of some tables, regardless of policies: forced row-level security is lifted for the tables'
 * owner, and restored. Locks those of the tables that have it. For use inside a transaction.
 */
export async function seeAllRows<T>(
  client: pg.ClientBase,
  tables: readonly Table[],
  work: () => Promise<T>,
): Promise<T> {
  const alter = async (names: readonly string[], words: string): Promise<void> => {
    if (names.length === 0) return
    await client.query(names.map((name) => `ALTER TABLE ${name} ${words} ROW LEVEL SECURITY`).join('; '))
  }
  const forced = await forcedTables(
    client,
    tables.map(({ oid }) => oid),
  )
  await alter(forced, 'NO FORCE')
  const result = await work()
  await alter(forced, 'FORCE')
  return result
}

async function forcedTables(client: pg.ClientBase, oids: readonly number[]): Promise<string[]> {
  const { rows } = await client.query<{ schema: string; name: string }>(
    `SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.oid = ANY ($1::oid[]) AND c.relforcerowsecurity ORDER BY 1, 2`,
    [oids],
  )
  return rows.map(({ schema, name }) => `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`)
}
