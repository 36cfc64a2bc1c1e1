import type { Table } from '../schema/rows.js'
import { callDifferences } from './call-matrix.js'
import { type Columns, type Difference, differences } from './matrix.js'
import type { MatrixConnection } from './run-attempts.js'

/** A policy with one of its expressions set to `true`. */
export interface Mutant {
  readonly table: Table
  readonly policy: string
  readonly clause: 'USING' | 'WITH CHECK'
  readonly definer: boolean
}

/** Every expression of every policy that is not `true` as it stands. */
export async function everyMutant({ client }: MatrixConnection): Promise<Mutant[]> {
  const { rows } = await client.query<Mutant>(
    `SELECT p.polrelid::regclass::text AS table, p.polname AS policy, e.clause,
            'miyabi_definer'::regrole = ANY (p.polroles) AS definer
       FROM pg_policy p, LATERAL (VALUES ('USING', p.polqual), ('WITH CHECK', p.polwithcheck)) AS e (clause, expression)
      WHERE pg_get_expr(e.expression, p.polrelid) <> 'true'
      ORDER BY 1, 2, 3`,
  )
  return rows
}

/** What the matrix says of a mutant; nothing when it misses it. The database is left as it was. */
export async function differencesOf(
  connection: MatrixConnection,
  columns: Columns,
  { table, policy, clause, definer }: Mutant,
): Promise<Difference[]> {
  const { client } = connection
  await client.query('BEGIN')
  try {
    await client.query(`ALTER POLICY ${policy} ON ${table} ${clause} (true)`)
    if (definer) return await callDifferences(connection)
    return (await differences(connection, columns, [table])).differences
  } finally {
    await client.query('ROLLBACK')
  }
}
