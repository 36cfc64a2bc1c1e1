import type pg from 'pg'
import type { Table } from './tables.js'

/** Something of a table that is removed while rows are loaded, and restored unchanged. */
interface TakenOff {
  readonly off: string
  readonly on: string
}

/**
 * Removes what prevents loading rows unchanged: triggers, which would count and stamp again; forced row-level security,
 * under which COPY is refused; foreign keys, which require an order of the tables; and indexes, which are built faster
 * after the rows. For use inside a transaction, of the tables' owner.
 *
 * @returns a function that restores all of it.
 */
export async function openTables(client: pg.ClientBase, tables: readonly Table[]): Promise<() => Promise<void>> {
  const names = tables.map(({ sql }) => sql)
  const parts: TakenOff[] = []
  for (const sql of [FORCED, TRIGGERS, FOREIGN_KEYS, INDEXES]) {
    const { rows } = await client.query<TakenOff>(sql, [names])
    parts.push(...rows)
  }
  await run(
    client,
    parts.map(({ off }) => off),
  )
  return () =>
    run(
      client,
      // Indexes first: a foreign key needs the one that it refers to. Force last.
      parts.toReversed().map(({ on }) => on),
    )
}

async function run(client: pg.ClientBase, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await client.query(statement)
}

const FORCED = `
  SELECT format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', c.oid::regclass) AS off,
         format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', c.oid::regclass) AS on
    FROM pg_class AS c WHERE c.oid = ANY ($1::text[]::regclass[]) AND c.relforcerowsecurity ORDER BY 1`

/** Those that are enabled, each in its mode. */
const TRIGGERS = `
  SELECT format('ALTER TABLE %s DISABLE TRIGGER %I', t.tgrelid::regclass, t.tgname) AS off,
         format('ALTER TABLE %s ENABLE %sTRIGGER %I', t.tgrelid::regclass,
                CASE t.tgenabled WHEN 'A' THEN 'ALWAYS ' WHEN 'R' THEN 'REPLICA ' ELSE '' END, t.tgname) AS on
    FROM pg_trigger AS t WHERE t.tgrelid = ANY ($1::text[]::regclass[]) AND NOT t.tgisinternal AND t.tgenabled <> 'D' ORDER BY 1`

const FOREIGN_KEYS = `
  SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', o.conrelid::regclass, o.conname) AS off,
         concat(format('ALTER TABLE %s ADD CONSTRAINT %I %s', o.conrelid::regclass, o.conname, pg_get_constraintdef(o.oid)),
                format('; COMMENT ON CONSTRAINT %I ON %s IS %L', o.conname, o.conrelid::regclass, nullif(obj_description(o.oid, 'pg_constraint'), ''))) AS on
    FROM pg_constraint AS o WHERE o.conrelid = ANY ($1::text[]::regclass[]) AND o.contype = 'f' AND o.conparentid = 0 ORDER BY 1`

/** Indexes that belong to no constraint. */
const INDEXES = `
  SELECT format('DROP INDEX %s', i.indexrelid::regclass) AS off,
         concat(CASE c.relkind WHEN 'I' THEN replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ') ELSE pg_get_indexdef(i.indexrelid) END,
                format('; COMMENT ON INDEX %s IS %L', i.indexrelid::regclass, obj_description(i.indexrelid, 'pg_class')),
                CASE WHEN i.indisclustered THEN format('; ALTER TABLE %s CLUSTER ON %I', i.indrelid::regclass, c.relname) END) AS on
    FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
   WHERE i.indrelid = ANY ($1::text[]::regclass[]) AND NOT i.indisreplident
     AND NOT EXISTS (SELECT FROM pg_constraint AS o WHERE o.conindid = i.indexrelid AND o.contype IN ('p', 'u', 'x')) ORDER BY 1`
