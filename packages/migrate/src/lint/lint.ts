import { readMigrations } from '../history/folder.js'
import { newMigrations } from './baseline.js'
import { findingsOf, playAll } from './play.js'
import type { LintReport } from './report.js'
import { schemaFindings } from './schema-findings.js'
import { rowFindings } from './table-without-rows.js'
import { weigh } from './weigh.js'

export interface LintOptions {
  /** Including those before the baseline. */
  readonly all?: boolean
  /** Checked between two migrations. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Checks the new migrations of a folder against the rules. Reads files, needs no server and changes nothing.
 *
 * @throws {UnknownBaselineError} `migrate.lint_baseline_unknown`
 */
export async function lintMigrations(folder: string, options: LintOptions = {}): Promise<LintReport> {
  const migrations = readMigrations(folder)
  const fresh = new Set((options.all ? migrations : newMigrations(folder, migrations)).map(({ name }) => name))
  const { schema, linted, unreadable } = await playAll(migrations, options.signal)
  const looked = linted.filter(({ name }) => fresh.has(name))
  const findings = [
    ...unreadable.filter(({ migration }) => fresh.has(migration)),
    ...looked.flatMap(findingsOf),
    ...schemaFindings(schema, looked),
    ...(await rowFindings(migrations, schema, looked)),
  ]
  return { checked: [...fresh], ...weigh(findings, looked) }
}
