import pg from 'pg'
import { PARTS_SCHEMA } from '../catalog/sql.js'
import { monthOf, monthsBetween } from './months.js'

/** Ids are within a day of their row, and a partition begins a day before its month. */
const LEEWAY_MS = 2 * 86_400_000

/**
 * Creates the monthly partitions for rows of a table whose `created_at` is from `from` to `to`, if no partition holds
 * them. Resolves to those that it created, as `2026-11`. In the caller's transaction, if there is one.
 *
 * @param client a login of the tables' owner. @param table a table with monthly partitions, such as `logs`.
 */
export async function ensureMonths(
  client: pg.ClientBase,
  table: string,
  from: Date,
  to: Date,
): Promise<readonly string[]> {
  const made: string[] = []
  const last = new Date(to.getTime() + LEEWAY_MS)
  for (const month of monthsBetween(from, last)) if (await addMonth(client, table, month)) made.push(monthOf(month))
  return made
}

/** Creates one month, unless a partition holds it; returns whether it did. */
export async function addMonth(client: pg.ClientBase, table: string, month: Date): Promise<boolean> {
  const { rows } = await client.query<{ made: boolean }>(
    `SELECT ${PARTS_SCHEMA}.add_month($1::regclass, $2::date) AS made`,
    [`public.${pg.escapeIdentifier(table)}`, month.toISOString().slice(0, 10)],
  )
  return rows[0]?.made === true
}
