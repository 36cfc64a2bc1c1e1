import type { ClientBase } from 'pg'
import { isOurs } from '../catalog/sql.js'

export interface Column {
  readonly number: number
  readonly name: string
  readonly type: string
}

/** A table by its identity, whatever its name: renaming it loses nothing. */
export interface Table {
  readonly oid: number
  /** As a header comment names it. */
  readonly name: string
  /** Quoted, for use in SQL. */
  readonly sql: string
  /** Refers to a different file after a truncate or rewrite. */
  readonly file: number
  readonly columns: readonly Column[]
  /** Names of the primary key's columns. */
  readonly key: readonly string[]
}

/** The tables that hold rows themselves: partitions are read through their parent, computed columns are omitted. */
export async function readTables(client: ClientBase): Promise<Table[]> {
  const { rows } = await client.query<Table>(`
    SELECT c.oid::int8::float8 AS oid, CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname AS name,
           format('%I.%I', n.nspname, c.relname) AS sql, c.relfilenode::int8::float8 AS file,
           coalesce((SELECT json_agg(json_build_object('number', a.attnum, 'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) ORDER BY a.attnum)
              FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''), '[]') AS columns,
           coalesce((SELECT json_agg(a.attname ORDER BY a.attnum) FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
              WHERE i.indrelid = c.oid AND i.indisprimary), '[]') AS key
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE ${isOurs('c')} AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 2`)
  return rows
}
