import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { UnknownBaselineError } from '../errors/errors.js'
import type { Migration } from '../history/folder.js'

/** Stored beside the migrations. Its first word is the name of the last migration that is exempt from lint. */
export const BASELINE_FILE = 'lint-baseline.txt'

/**
 * The migrations that count as new: those after the baseline, or all if there is none.
 * @throws {UnknownBaselineError} `migrate.lint_baseline_unknown`, if the baseline is not one of the migrations.
 */
export function newMigrations(folder: string, migrations: readonly Migration[]): readonly Migration[] {
  const file = path.join(folder, BASELINE_FILE)
  const [baseline = ''] = existsSync(file) ? readFileSync(file, 'utf8').trim().split(/\s+/) : []
  if (baseline === '') return migrations
  const index = migrations.findIndex(({ name }) => name === baseline)
  if (index === -1) throw new UnknownBaselineError(baseline, BASELINE_FILE)
  return migrations.slice(index + 1)
}
