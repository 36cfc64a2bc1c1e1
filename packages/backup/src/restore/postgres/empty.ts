import type pg from 'pg'
import type { Table } from './tables.js'

/** What migrations fill, and what a running stack without data fills: the restore replaces it. */
const MACHINERY: ReadonlySet<string> = new Set([
  'public.outbox_partitions',
  'public.outbox_topics',
  'public.commit_marks',
  'public.stream_shards',
])

/** The tables that hold data, each with an approximate count, such as `public.users (3 rows)`. */
export async function filledTables(client: pg.ClientBase, tables: readonly Table[]): Promise<readonly string[]> {
  const data = tables.filter(({ name }) => !MACHINERY.has(name))
  if (data.length === 0) return []
  const { rows } = await client.query<{ name: string; count: number }>(
    data
      .map(
        ({ sql }, index) =>
          `SELECT ${index}::text AS name, count(*)::int AS count FROM (SELECT FROM ${sql} LIMIT 1001) AS found`,
      )
      .join(' UNION ALL '),
  )
  return rows.flatMap(({ name, count }) => {
    const table = data[Number(name)]?.name ?? name
    if (count === 0) return []
    return [`${table} (${count > 1000 ? 'more than 1000 rows' : count === 1 ? '1 row' : `${count} rows`})`]
  })
}
