import pg from 'pg'
import { PARTS_SCHEMA } from '../catalog/sql.js'
import { monthOf, monthsBetween } from './months.js'

/**
 * Makes the months of a table from that of `from` to that of `to`, both included, as far as no partition holds them.
 * Resolves to those that it made, as `2026-11`. In the caller's transaction, where there is one.
 *
 * @param client a login of the tables' owner. @param table a table by month, such as `logs`.
 */
export async function ensureMonths(
  client: pg.ClientBase,
  table: string,
  from: Date,
  to: Date,
): Promise<readonly string[]> {
  const made: string[] = []
  for (const month of monthsBetween(from, to)) if (await addMonth(client, table, month)) made.push(monthOf(month))
  return made
}

/** Makes one month, unless a partition holds it; tells whether it did. */
export async function addMonth(client: pg.ClientBase, table: string, month: Date): Promise<boolean> {
  const { rows } = await client.query<{ made: boolean }>(
    `SELECT ${PARTS_SCHEMA}.add_month($1::regclass, $2::date) AS made`,
    [`public.${pg.escapeIdentifier(table)}`, month.toISOString().slice(0, 10)],
  )
  return rows[0]?.made === true
}
