import type pg from 'pg'
import type { BackfillTable } from './table.js'

/** The next rows, in the order of their keys, as far as they could be locked without waiting. */
export interface NextRows {
  /** The keys, as strings, of the rows up to the first that another transaction holds. */
  readonly held: readonly (readonly string[])[]
  /** The key of that row, if there is one. */
  readonly blocked: readonly string[] | undefined
}

const columns = ({ key }: BackfillTable): string => key.map(({ name }) => `t.${name}`).join(', ')

/** `$1::uuid, $2::text`: a key passed as strings. */
const parameters = ({ key }: BackfillTable, suffix = ''): string =>
  key.map(({ type }, index) => `$${index + 1}::${type}${suffix}`).join(', ')

/**
 * Locks the next rows after a position without waiting for any: waiting while holding rows can cause a deadlock with a
 * writer, and makes others wait for longer than its own work takes. Stops at the first row that another transaction
 * holds.
 */
export async function lockNextRows(
  client: pg.Client,
  table: BackfillTable,
  position: readonly string[] | null,
  limit: number,
): Promise<NextRows> {
  const key = columns(table)
  const names = table.key.map(({ name }) => name).join(', ')
  const { rows } = await client.query<{ key: string[]; isHeld: boolean }>(
    `WITH ahead AS MATERIALIZED (
            SELECT ${key} FROM ${table.name} AS t ${position ? `WHERE (${key}) > (${parameters(table)})` : ''} ORDER BY ${key} LIMIT ${limit}),
          held AS MATERIALIZED (
            SELECT ${key} FROM ${table.name} AS t WHERE (${key}) IN (SELECT ${names} FROM ahead) FOR NO KEY UPDATE OF t SKIP LOCKED)
     SELECT ARRAY[${table.key.map(({ name }) => `t.${name}::text`).join(', ')}] AS key, (${key}) IN (SELECT ${names} FROM held) AS "isHeld"
       FROM ahead AS t ORDER BY ${key}`,
    [...(position ?? [])],
  )
  const end = rows.findIndex(({ isHeld }) => !isHeld)
  return {
    held: (end === -1 ? rows : rows.slice(0, end)).map((row) => row.key),
    blocked: rows[end]?.key,
  }
}

/** Waits for one row. For a transaction that holds no other row of the table. */
export async function waitForRow(client: pg.Client, table: BackfillTable, key: readonly string[]): Promise<void> {
  await client.query(
    `SELECT FROM ${table.name} AS t WHERE (${columns(table)}) = (${parameters(table)}) FOR NO KEY UPDATE`,
    [...key],
  )
}

/** Changes locked rows, and returns how many. */
export async function changeRows(
  client: pg.Client,
  table: BackfillTable,
  keys: readonly (readonly string[])[],
  change: { readonly set: string; readonly where?: string | undefined },
): Promise<number> {
  const { rowCount } = await client.query(
    `UPDATE ${table.name} AS t SET ${change.set}
      WHERE (${columns(table)}) IN (SELECT * FROM unnest(${parameters(table, '[]')}))
        AND (${change.where ?? 'true'})`,
    table.key.map((_, index) => keys.map((key) => key[index])),
  )
  return rowCount ?? 0
}
