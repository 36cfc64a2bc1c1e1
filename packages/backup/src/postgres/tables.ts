import { isOwnRelation } from '@miyabi/migrate'
import pg from 'pg'
import { BackupError } from '../errors/errors.js'

/** A table that holds rows itself. Partitions are read through their parent. */
export interface SourceTable {
  readonly schema: string
  readonly table: string
  /** Without computed columns. */
  readonly columns: readonly string[]
  /**
   * As estimated by the last VACUUM or ANALYZE, for the order in which tables are read: a count would wait for locks.
   */
  readonly bytes: number
}

interface FoundTable extends SourceTable {
  readonly mayRead: boolean
  /** Whether policies decide which of its rows this login sees. */
  readonly isFiltered: boolean
  /** Whether a policy lets this login see all rows. */
  readonly isOpen: boolean
  /** Restrictive policies that apply to this login. */
  readonly restrictive: readonly string[]
}

export const tableName = ({ schema, table }: Pick<SourceTable, 'schema' | 'table'>): string => `${schema}.${table}`

/** For use in SQL. */
export const quoted = ({ schema, table }: Pick<SourceTable, 'schema' | 'table'>): string =>
  `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(table)}`

/** Policies for reading, on table `c`, that apply to the current login. */
const POLICIES = `pg_catalog.pg_policy p WHERE p.polrelid = c.oid AND p.polcmd IN ('r', '*')
  AND EXISTS (SELECT FROM unnest(p.polroles) AS r(oid) WHERE r.oid = 0 OR pg_has_role(current_user, r.oid, 'USAGE'))`

/**
 * Every table of the database that is ours, by name; without Prisma's history. Each can be read completely by this
 * login: COPY silently omits rows that a policy hides.
 * @throws {BackupError} `backup.tables_denied`, `backup.rows_hidden`
 */
export async function readTables(client: pg.ClientBase): Promise<readonly SourceTable[]> {
  const { rows } = await client.query<FoundTable>(
    `SELECT n.nspname AS schema, c.relname AS "table",
            coalesce((SELECT json_agg(a.attname ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
                       WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''), '[]') AS columns,
            8192 * (c.relpages + coalesce((SELECT sum(p.relpages) FROM pg_catalog.pg_inherits i
              JOIN pg_catalog.pg_class p ON p.oid = i.inhrelid WHERE i.inhparent = c.oid), 0))::float8 AS bytes,
            has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS "mayRead",
            row_security_active(c.oid) AS "isFiltered",
            EXISTS (SELECT FROM ${POLICIES} AND p.polpermissive AND pg_get_expr(p.polqual, p.polrelid) = 'true') AS "isOpen",
            ARRAY(SELECT p.polname::text FROM ${POLICIES} AND NOT p.polpermissive
                     AND pg_get_expr(p.polqual, p.polrelid) IS DISTINCT FROM 'true') AS restrictive
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE ${isOwnRelation('c')} AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`,
  )
  assertReadable(rows)
  return rows.map(({ schema, table, columns, bytes }) => ({ schema, table, columns, bytes }))
}

function assertReadable(tables: readonly FoundTable[]): void {
  const denied = tables.filter(({ mayRead }) => !mayRead).map(tableName)
  if (denied.length > 0) {
    throw new BackupError('backup.tables_denied', `This login may not read ${denied.join(', ')}`, {
      details: { tables: denied },
      remedy: "use the migrator's login: DIRECT_DATABASE_URL",
    })
  }
  const hidden = tables.filter(
    ({ isFiltered, isOpen, restrictive }) => isFiltered && (!isOpen || restrictive.length > 0),
  )
  if (hidden.length === 0) return
  const lines = hidden.map(({ restrictive, ...table }) =>
    restrictive.length > 0
      ? `  ${tableName(table)}: restrictive policy ${restrictive.join(', ')}`
      : `  ${tableName(table)}: no policy USING (true) for this login`,
  )
  throw new BackupError(
    'backup.rows_hidden',
    `Policies hide rows of ${hidden.length} tables from this login, and a backup would omit them:\n${lines.join('\n')}`,
    {
      details: { tables: hidden.map(tableName) },
      remedy: "use the migrator's login, or give these tables the policy of their owner (owner_all)",
    },
  )
}
