import type pg from 'pg'
import type { Pool } from '../../src/index.js'

const LEFT = `
  SELECT current_user <> session_user AS role,
         coalesce(current_setting('miyabi.user_id', true), '') <> '' AS "userId",
         coalesce(current_setting('miyabi.web_user_id', true), '') <> '' AS "webUserId"`

/** What is left of an identity on any connection of a pool that nobody uses now. */
export async function leftovers(pool: Pool): Promise<string[]> {
  const clients: pg.PoolClient[] = []
  while (pool.stats.idle > 0) clients.push(await pool.acquire())
  const found = await Promise.all(clients.map((client) => client.query<Record<string, boolean>>(LEFT)))
  for (const client of clients) client.release()
  return found.flatMap(({ rows }) => Object.entries(rows[0] ?? {}).flatMap(([name, isLeft]) => (isLeft ? [name] : [])))
}
