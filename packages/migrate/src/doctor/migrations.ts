import type { Finding } from '@miyabi/core'
import { compareHistory, type MigrationState } from '../history/compare.js'
import { type Migration, readMigrations } from '../history/folder.js'
import type { DatabaseCheck } from './check.js'

const WORDS: Readonly<Record<Exclude<MigrationState, 'applied'>, Omit<Finding, 'check' | 'object'>>> = {
  pending: { problem: 'it has not been applied', remedy: 'pnpm prisma migrate deploy' },
  failed: {
    problem: 'it was started and not finished: it failed, or is running now',
    remedy: 'run `pnpm db:migrate status`, which names the next step',
  },
  edited: {
    problem: 'it was changed after it was applied, so other databases get a different schema',
    remedy: 'restore its migration.sql from version control, and put the change into a separate migration',
  },
  unknown: {
    problem: 'it was applied, but this code does not contain it: the database is ahead, or has another history',
    remedy: 'run this from the code that contains it',
  },
}

/** What `verify` cannot prove anything about. */
async function tablesWithoutRows(migrations: readonly Migration[]): Promise<Finding[]> {
  if (migrations.every(({ rows }) => rows === undefined)) return []
  const { playAll } = await import('../lint/play.js')
  const { rowFindings } = await import('../lint/table-without-rows.js')
  const { schema, linted } = await playAll(migrations)
  const found = await rowFindings(migrations, schema, linted)
  return found.map(({ migration, object = migration, problem, remedy }) => ({
    check: 'migrations.table_without_rows',
    object,
    problem,
    remedy,
  }))
}

/** The history compared with the folder. */
export const migrationsCheck: DatabaseCheck = {
  name: 'migrations',
  looksFor: 'migrations that are pending, failed, edited or unknown, and tables without a row for verify',
  async run(client, { migrations, target }) {
    const { readHistory } = await import('../history/history.js')
    const known = readMigrations(migrations)
    const statuses = compareHistory(known, await readHistory(client, target.schema))
    return [
      ...statuses.flatMap(({ name, state }) =>
        state === 'applied' ? [] : { check: `migrations.${state}`, object: name, ...WORDS[state] },
      ),
      ...(await tablesWithoutRows(known)),
    ]
  },
}
