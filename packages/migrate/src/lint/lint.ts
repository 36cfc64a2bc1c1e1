import { SqlSyntaxError } from '../errors/errors.js'
import { MigrationError } from '../errors/migration-error.js'
import { type Migration, readMigrations } from '../history/folder.js'
import { applyStatement } from '../schema/apply.js'
import { statementsRunBy } from '../schema/do-block.js'
import { copySchema, emptySchema } from '../schema/facts.js'
import { readDirectives } from '../script/directives.js'
import { parseSql } from '../sql/parse.js'
import { newMigrations } from './baseline.js'
import type { LintFinding, LintReport } from './report.js'
import type { LintedMigration, Step } from './rule.js'
import { migrationRules } from './rules/all.js'
import { schemaFindings } from './schema-findings.js'
import { type SquawkFinding, squawk } from './squawk.js'
import { tablesOf } from './touched-tables.js'
import { weigh } from './weigh.js'

export interface LintOptions {
  /** Those before the baseline, too. */
  readonly all?: boolean
  readonly signal?: AbortSignal | undefined
}

/**
 * Holds the new migrations of a folder to squawk's rules and to ours. Reads files, needs no server and changes nothing.
 *
 * @throws {UnknownBaselineError} `migrate.lint_baseline_unknown`
 * @throws {SquawkError} `migrate.squawk_failed`
 */
export async function lintMigrations(folder: string, options: LintOptions = {}): Promise<LintReport> {
  const migrations = readMigrations(folder)
  const fresh = new Set(options.all ? migrations : newMigrations(folder, migrations))
  const { schema, linted, unreadable } = await readHistory(migrations)
  const looked = linted.filter(({ migration }) => fresh.has(migration))

  const locks = await squawk(
    looked.map(({ migration }) => migration),
    options,
  )
  const names = new Set([...fresh].map(({ name }) => name))
  const findings = [
    ...unreadable.filter(({ migration }) => names.has(migration)),
    ...looked.flatMap(ownFindings),
    ...aboutExistingTables(locks, looked),
    ...schemaFindings(schema, looked),
  ]
  return { checked: [...names], ...weigh(findings, looked) }
}

type Linted = LintedMigration & { readonly migration: Migration }

/** Every migration in order, with the schema around each statement, and the one that all of them make. */
async function readHistory(migrations: readonly Migration[]) {
  const schema = emptySchema()
  const linted: Linted[] = []
  const unreadable: LintFinding[] = []
  for (const migration of migrations) {
    const { name, up } = migration
    try {
      readDirectives(up)
      const before = copySchema(schema)
      const statements = await parseSql(up)
      const steps: Step[] = []
      for (const statement of statements) {
        for (const node of statementsRunBy(statement.node)) {
          steps.push({ statement, node, before: copySchema(schema) })
          applyStatement(schema, node, { migration: name, line: statement.line })
        }
      }
      linted.push({ migration, name, script: up, statements, steps, before, after: copySchema(schema) })
    } catch (error) {
      if (!(error instanceof SqlSyntaxError || error instanceof MigrationError)) throw error
      const line = error instanceof SqlSyntaxError ? error.details.line : 1
      const remedy = 'mend it: it could not be run'
      unreadable.push({ migration: name, line, rule: 'syntax-error', problem: error.message, remedy })
    }
  }
  return { schema, linted, unreadable }
}

const ownFindings = (migration: Linted): LintFinding[] =>
  migrationRules.flatMap(({ name: rule, check }) =>
    check(migration).map(({ statement, problem, remedy }) => ({
      migration: migration.name,
      line: statement.line,
      rule,
      problem,
      remedy,
    })),
  )

/** Nobody uses a table yet that the same migration makes. */
function aboutExistingTables(findings: readonly SquawkFinding[], linted: readonly Linted[]): LintFinding[] {
  return findings.filter((finding) => {
    const migration = linted.find(({ name }) => name === finding.migration)
    const step = migration?.steps.findLast(({ statement }) => statement.line <= finding.line)
    const tables = step ? tablesOf(step.node, step.before) : []
    return tables.length === 0 || tables.some((table) => migration?.before.tables.has(table))
  })
}
