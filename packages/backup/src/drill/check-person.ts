import { randomUUID } from 'node:crypto'
import type { DatabaseContext } from '@miyabi/db'
import type pg from 'pg'

/** Tables of which users see only their own rows. */
const PRIVATE = ['subscriptions', 'licenses', 'trials', 'usage_events', 'usage_aggregates']

/**
 * Violations of row-level security, as text, if a user sees rows other than their own: checked for users with rows, and
 * for an unknown user, with the application's login.
 */
export async function checkPerson(client: pg.ClientBase, db: DatabaseContext): Promise<readonly string[]> {
  const differences: string[] = []
  const { rows } = await client.query<{ id: string }>(
    `SELECT user_id AS id FROM (${PRIVATE.map((table) => `(SELECT user_id FROM public.${table} LIMIT 100)`).join(' UNION ALL ')}) AS owned
      GROUP BY user_id ORDER BY count(*) DESC LIMIT 1`,
  )
  const people = [randomUUID(), ...rows.map(({ id }) => id)]
  for (const userId of people) {
    const person = db.as({ userId })
    for (const table of PRIVATE) {
      const seen = await person.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${table}`)
      const own = await client.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM public.${table} WHERE user_id = $1`,
        [userId],
      )
      const [found, wanted] = [seen.rows[0]?.count, own.rows[0]?.count]
      if (found !== wanted) differences.push(`${table}: a user sees ${found} rows, but owns ${wanted}`)
    }
  }
  return differences
}
