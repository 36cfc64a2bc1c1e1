import { SqlSyntaxError } from '../errors/errors.js'
import { MigrationError } from '../errors/migration-error.js'
import type { Migration } from '../history/folder.js'
import { applyStatement } from '../schema/apply.js'
import { statementsRunBy } from '../schema/do-block.js'
import { copySchema, emptySchema, type Schema } from '../schema/facts.js'
import { readDirectives } from '../script/directives.js'
import { NOT_UTF8 } from '../sql/not-plain.js'
import { parseSql } from '../sql/parse.js'
import { madeBy } from './made.js'
import type { LintFinding } from './report.js'
import type { LintedMigration, Step } from './rule.js'
import { migrationRules } from './rules/all.js'

/**
 * Changes a schema as a migration would, and returns the schema around each statement; an unreadable script becomes a
 * finding.
 */
export async function playMigration(
  schema: Schema,
  { name, up, notUtf8 = [] }: Pick<Migration, 'name' | 'up'> & Partial<Migration>,
): Promise<LintedMigration | LintFinding> {
  try {
    if (notUtf8.includes('migration.sql')) throw new SqlSyntaxError(NOT_UTF8, 1)
    readDirectives(up)
    const before = copySchema(schema)
    const statements = await parseSql(up)
    const steps: Step[] = []
    let made: ReadonlySet<string> = new Set()
    for (const statement of statements) {
      for (const node of statementsRunBy(statement.node)) {
        steps.push({ statement, node, before: copySchema(schema), made })
        const more = madeBy(node).filter((each) => !schema.tables.has(each))
        if (more.length > 0) made = new Set([...made, ...more])
        applyStatement(schema, node, { migration: name, line: statement.line })
      }
    }
    return { name, script: up, statements, steps, before, after: copySchema(schema) }
  } catch (error) {
    if (!(error instanceof SqlSyntaxError || error instanceof MigrationError)) throw error
    const line = error instanceof SqlSyntaxError ? error.details.line : 1
    return {
      migration: name,
      line,
      rule: 'syntax-error',
      problem: error.message,
      remedy: 'fix it: it could not be run',
    }
  }
}

/** Every migration in order, with the schema around each statement, and the final one. */
export async function playAll(migrations: readonly Migration[], signal?: AbortSignal) {
  const schema = emptySchema()
  const linted: LintedMigration[] = []
  const unreadable: LintFinding[] = []
  for (const migration of migrations) {
    signal?.throwIfAborted()
    const played = await playMigration(schema, migration)
    if ('rule' in played) unreadable.push(played)
    else linted.push(played)
  }
  return { schema, linted, unreadable }
}

/** The findings of the migration rules for one migration. */
export const findingsOf = (migration: LintedMigration): LintFinding[] =>
  migrationRules.flatMap(({ name: rule, check }) =>
    check(migration).map(({ statement, problem, remedy }) => ({
      migration: migration.name,
      line: statement.line,
      rule,
      problem,
      remedy,
    })),
  )
