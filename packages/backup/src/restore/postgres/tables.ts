import { isOwnRelation } from '@miyabi/migrate'
import type pg from 'pg'

/** A table that holds our rows. */
export interface Table {
  /** Schema and name, such as `public.users`. */
  readonly name: string
  /** The same in the form of SQL. */
  readonly sql: string
  /** Whether its rows are in partitions. */
  readonly isPartitioned: boolean
  /** Whether row-level security applies to its owner, too. */
  readonly isForced: boolean
}

/** Every table that holds rows, except Prisma's history: the rows of a partition belong to its table. */
export async function tablesOf(client: pg.ClientBase): Promise<readonly Table[]> {
  const { rows } = await client.query<Table>(`
    SELECT n.nspname || '.' || c.relname AS name, format('%I.%I', n.nspname, c.relname) AS sql,
           c.relkind = 'p' AS "isPartitioned", c.relforcerowsecurity AS "isForced"
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND ${isOwnRelation('c')}
     ORDER BY 1`)
  return rows
}
