import { MigrationError } from '../errors/migration-error.js'
import { compareHistory } from '../history/compare.js'
import type { Migration } from '../history/folder.js'
import type { HistoryRow } from '../history/history.js'
import { historyProblems } from '../history/problems.js'
import { isNotTransactional, isTransactionControl } from '../script/classify.js'
import { readDirectives } from '../script/directives.js'
import { checkUtf8, shorten } from '../script/whole.js'
import { parseSql } from '../sql/parse.js'

/** A migration that is applied and has a down file. */
export interface Undo {
  readonly migration: Migration
  readonly down: string
  /** The row of the history that records it as applied. */
  readonly row: HistoryRow
}

/**
 * Chooses what to undo, last first: the last migration that was applied, or all that were applied after `to`.
 * @throws {MigrationError} when the history or a down file does not meet the requirements; see its codes.
 * @throws {SqlSyntaxError} `migrate.sql_syntax`
 */
export async function planRollback(
  migrations: readonly Migration[],
  history: readonly HistoryRow[],
  to?: string,
): Promise<Undo[]> {
  const [problem] = historyProblems(compareHistory(migrations, history))
  if (problem) throw problem
  const applied = history.filter(({ state }) => state === 'applied')
  if (applied.length === 0) {
    throw new MigrationError(
      'migrate.nothing_applied',
      'No migration is applied to this database: there is nothing to roll back',
      {
        details: {},
      },
    )
  }
  const undos: Undo[] = []
  const missing: string[] = []
  for (const row of rowsAfter(applied, to).reverse()) {
    const migration = migrations.find(({ name }) => name === row.name)
    if (migration?.down === undefined) missing.push(row.name)
    else undos.push({ migration, row, down: migration.down })
  }
  if (missing.length > 0) throw downMissing(missing)
  for (const { migration, down } of undos) {
    checkUtf8(migration)
    await checkDown(migration.name, down)
  }
  return undos
}

function rowsAfter(applied: readonly HistoryRow[], to: string | undefined): HistoryRow[] {
  if (to === undefined) return applied.slice(-1)
  const index = applied.findIndex(({ name }) => name === to)
  if (index >= 0) return applied.slice(index + 1)
  throw new MigrationError('migrate.unknown', `There is no applied migration ${to}`, {
    details: { migration: to },
    remedy: `pass --to the migration that should be the last one: ${applied.map(({ name }) => name).join(', ')}`,
  })
}

/**
 * Checks that a down file can run in one transaction together with the record that it ran.
 * @throws {MigrationError} `migrate.down_not_transactional`, `migrate.directive_invalid`
 */
export async function checkDown(migration: string, down: string): Promise<void> {
  readDirectives(down)
  for (const statement of await parseSql(down)) {
    if (!isTransactionControl(statement) && !isNotTransactional(statement)) continue
    const remedy = isTransactionControl(statement)
      ? 'remove BEGIN, COMMIT and ROLLBACK from it'
      : 'write it without CONCURRENTLY: it waits for the lock no longer than lock_timeout'
    throw new MigrationError(
      'migrate.down_not_transactional',
      `down.sql of ${migration}, line ${statement.line}: \`${shorten(statement.text)}\` cannot run in one transaction with the record that the migration was undone, and a crash between the two would leave a wrong history`,
      { details: { migration, statement: statement.text }, remedy },
    )
  }
}

function downMissing(migrations: readonly string[]): MigrationError<'migrate.down_missing'> {
  const [first] = migrations
  return new MigrationError('migrate.down_missing', `${migrations.join(', ')} has no down.sql`, {
    details: { migrations },
    remedy: `run \`pnpm db:migrate down ${first}\` to write one; review it, and run \`pnpm db:migrate verify\` to test it`,
  })
}
