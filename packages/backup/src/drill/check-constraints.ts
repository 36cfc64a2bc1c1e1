import type pg from 'pg'

interface Check {
  readonly table: string
  readonly name: string
  readonly condition: string
}

/**
 * Rows that violate a constraint, as text: each check is evaluated for every row again, and each foreign key was when
 * it was restored. Constraints that were never validated are omitted.
 */
export async function checkConstraints(client: pg.ClientBase): Promise<readonly string[]> {
  const { rows: checks } = await client.query<Check>(`
    SELECT o.conrelid::regclass::text AS table, o.conname AS name, pg_get_expr(o.conbin, o.conrelid) AS condition
      FROM pg_constraint AS o JOIN pg_class AS c ON c.oid = o.conrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE o.contype = 'c' AND o.convalidated AND NOT c.relispartition AND n.nspname = 'public' ORDER BY 1, 2`)
  const differences: string[] = []
  for (const [table, own] of byTable(checks)) {
    const broken = own.map(({ condition }) => `count(*) FILTER (WHERE NOT (${condition}))::int`).join(', ')
    const { rows } = await client.query<{ counts: number[] }>(`SELECT ARRAY[${broken}] AS counts FROM ${table}`)
    own.forEach(({ name }, index) => {
      const count = rows[0]?.counts[index] ?? 0
      if (count > 0) differences.push(`${table}: ${count} rows violate ${name}`)
    })
  }
  const { rows: unusable } = await client.query<{ name: string }>(
    'SELECT indexrelid::regclass::text AS name FROM pg_index WHERE NOT (indisvalid AND indisready) ORDER BY 1',
  )
  return [...differences, ...unusable.map(({ name }) => `${name}: an index whose build did not complete`)]
}

function byTable(checks: readonly Check[]): ReadonlyMap<string, Check[]> {
  const tables = new Map<string, Check[]>()
  for (const check of checks) tables.set(check.table, [...(tables.get(check.table) ?? []), check])
  return tables
}
