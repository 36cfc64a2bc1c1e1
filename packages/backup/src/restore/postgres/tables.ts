import { isOwnRelation } from '@miyabi/migrate'
import type pg from 'pg'

/** A table that holds rows of ours. */
export interface Table {
  /** Schema and name, such as `public.users`. */
  readonly name: string
  /** The same as SQL takes it. */
  readonly sql: string
  /** Whether its rows lie in partitions. */
  readonly isPartitioned: boolean
  /** Whether row-level security holds for its owner, too. */
  readonly isForced: boolean
}

/** Every table that holds rows, but Prisma's history: a partition's are its table's. */
export async function tablesOf(client: pg.ClientBase): Promise<readonly Table[]> {
  const { rows } = await client.query<Table>(`
    SELECT n.nspname || '.' || c.relname AS name, format('%I.%I', n.nspname, c.relname) AS sql,
           c.relkind = 'p' AS "isPartitioned", c.relforcerowsecurity AS "isForced"
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND ${isOwnRelation('c')}
     ORDER BY 1`)
  return rows
}
