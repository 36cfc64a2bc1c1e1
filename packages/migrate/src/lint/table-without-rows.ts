import type { Migration } from '../history/folder.js'
import type { Schema } from '../schema/facts.js'
import { relationName, shortName } from '../sql/names.js'
import { parseSql } from '../sql/parse.js'
import { asKind, nodesOf } from '../sql/walk.js'
import type { LintFinding } from './report.js'
import type { LintedMigration } from './rule.js'

export const TABLE_WITHOUT_ROWS = {
  name: 'table-without-rows',
  demand:
    'A table that a migration creates has a row in a rows.sql, if the project has such files: without one `verify` proves nothing about it.',
} as const

/**
 * Tables that some migrations create, and into which no `rows.sql` of any migration inserts a row.
 * @param schema as all migrations leave it: a table that was dropped again needs none.
 */
export async function rowFindings(
  migrations: readonly Migration[],
  schema: Schema,
  looked: readonly LintedMigration[],
): Promise<LintFinding[]> {
  const scripts = migrations.flatMap(({ rows }) => rows ?? [])
  if (scripts.length === 0) return []
  const filled = new Set<string>()
  for (const script of scripts) {
    const statements = await parseSql(script).catch(() => []) // verify reports what is wrong with it
    for (const { relation } of nodesOf(statements, 'InsertStmt')) filled.add(relationName(relation))
  }
  return looked.flatMap(({ name: migration, steps }) =>
    steps.flatMap(({ statement, node }) => {
      const create = asKind(node, 'CreateStmt')
      const name = relationName(create?.relation)
      const isKept = schema.tables.get(name)?.origin?.migration === migration
      if (!create || create.partbound || !isKept || filled.has(name)) return []
      return {
        migration,
        line: statement.line,
        object: shortName(name),
        rule: TABLE_WITHOUT_ROWS.name,
        problem: 'no rows.sql inserts a row into it, so `pnpm db:migrate verify` cannot show whether rows survive',
        remedy: `INSERT INTO ${shortName(name)} ... in rows.sql beside migration.sql, with a value for each column`,
      }
    }),
  )
}
