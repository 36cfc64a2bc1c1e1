import type pg from 'pg'

/**
 * What amcheck finds wrong with the indexes, every row looked up in each; undefined where the server has no amcheck for
 * this login.
 */
export async function checkIndexes(client: pg.Client): Promise<readonly string[] | undefined> {
  const { rows: found } = await client.query<{ may: boolean | null }>(
    `SELECT has_function_privilege(to_regprocedure('bt_index_check(regclass, boolean)'), 'EXECUTE') AS may`,
  )
  if (found[0]?.may !== true) return undefined
  const { rows } = await client.query<{ name: string }>(`
    SELECT c.oid::regclass::text AS name FROM pg_class AS c JOIN pg_am AS a ON a.oid = c.relam
      JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind = 'i' AND a.amname = 'btree' AND n.nspname IN ('public', 'parts') ORDER BY 1`)
  const differences: string[] = []
  for (const { name } of rows) {
    try {
      await client.query('SELECT bt_index_check($1::regclass, true)', [name])
    } catch (error) {
      differences.push(`${name}: ${(error as Error).message}`)
    }
  }
  return differences
}
