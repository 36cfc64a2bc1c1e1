import { type Migration, readMigrations } from '../history/folder.js'
import { emptySchema } from '../schema/facts.js'
import { newMigrations } from './baseline.js'
import { findingsOf, playMigration } from './play.js'
import type { LintFinding, LintReport } from './report.js'
import type { LintedMigration } from './rule.js'
import { schemaFindings } from './schema-findings.js'
import { weigh } from './weigh.js'

export interface LintOptions {
  /** Those before the baseline, too. */
  readonly all?: boolean
  /** Looked at between two migrations. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Holds the new migrations of a folder to the rules. Reads files, needs no server and changes nothing.
 *
 * @throws {UnknownBaselineError} `migrate.lint_baseline_unknown`
 */
export async function lintMigrations(folder: string, options: LintOptions = {}): Promise<LintReport> {
  const migrations = readMigrations(folder)
  const fresh = new Set((options.all ? migrations : newMigrations(folder, migrations)).map(({ name }) => name))
  const { schema, linted, unreadable } = await readHistory(migrations, options.signal)
  const looked = linted.filter(({ name }) => fresh.has(name))
  const findings = [
    ...unreadable.filter(({ migration }) => fresh.has(migration)),
    ...looked.flatMap(findingsOf),
    ...schemaFindings(schema, looked),
  ]
  return { checked: [...fresh], ...weigh(findings, looked) }
}

/** Every migration in order, with the schema around each statement, and the one that all of them make. */
async function readHistory(migrations: readonly Migration[], signal: AbortSignal | undefined) {
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
