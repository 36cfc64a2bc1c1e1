import type { SchemaDatabase } from './schema-database.js'

/** What makes up the schema, one line a thing. NOT NULL is part of the column: only newer servers also list it as a constraint. */
const query = `
  WITH ours AS (
    SELECT c.oid, c.relname, c.relkind FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relname !~ '^_prisma_migrations'
  )
  SELECT format('column %s.%s %s%s default %s', t.relname, a.attname, format_type(a.atttypid, a.atttypmod),
    CASE WHEN a.attnotnull THEN ' not null' ELSE '' END, coalesce(pg_get_expr(d.adbin, d.adrelid), '-')) AS line
    FROM ours t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum WHERE t.relkind = 'r'
  UNION ALL
  SELECT format('constraint %s.%s %s', t.relname, c.conname, pg_get_constraintdef(c.oid))
    FROM ours t JOIN pg_constraint c ON c.conrelid = t.oid WHERE c.contype <> 'n'
  UNION ALL
  SELECT pg_get_indexdef(t.oid) FROM ours t WHERE t.relkind = 'i'
  UNION ALL
  SELECT pg_get_triggerdef(g.oid) FROM ours t JOIN pg_trigger g ON g.tgrelid = t.oid WHERE NOT g.tgisinternal
  UNION ALL
  SELECT pg_get_functiondef(p.oid) FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
  UNION ALL
  SELECT format('comment %s %s', t.relname, obj_description(t.oid, 'pg_class')) FROM ours t WHERE t.relkind = 'r'
  ORDER BY 1`

/** The schema as the server itself describes it, sorted: equal on two servers when the schemas are. */
export async function catalogDump(db: SchemaDatabase): Promise<string[]> {
  return (await db.query<{ line: string }>(query)).map(({ line }) => line)
}
