import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { UnknownBaselineError } from '../errors/errors.js'
import type { Migration } from '../history/folder.js'

/** Beside the migrations. Its first word is the name of the last migration that is as it is, and is not looked at. */
export const BASELINE_FILE = 'lint-baseline.txt'

/**
 * The migrations that count as new: those after the baseline, or all where there is none.
 * @throws {UnknownBaselineError} `migrate.lint_baseline_unknown`, where the baseline is none of the migrations.
 */
export function newMigrations(folder: string, migrations: readonly Migration[]): readonly Migration[] {
  const file = path.join(folder, BASELINE_FILE)
  const [baseline = ''] = existsSync(file) ? readFileSync(file, 'utf8').trim().split(/\s+/) : []
  if (baseline === '') return migrations
  const index = migrations.findIndex(({ name }) => name === baseline)
  if (index === -1) throw new UnknownBaselineError(baseline, BASELINE_FILE)
  return migrations.slice(index + 1)
}
