import { MigrationError } from '../errors/migration-error.js'
import type { MigrationState, MigrationStatus } from './compare.js'

/** A history that does not meet a command's requirements; `code` says which. */
export type HistoryProblem = MigrationError<'migrate.failed' | 'migrate.edited' | 'migrate.ahead' | 'migrate.diverged'>

/** A history that cannot be trusted, as an error with its remedy; the most severe first. */
export function historyProblems(statuses: readonly MigrationStatus[]): HistoryProblem[] {
  const named = (state: MigrationState): string[] =>
    statuses.filter((status) => status.state === state).map(({ name }) => name)
  const [failed, edited, unknown, pending] = [named('failed'), named('edited'), named('unknown'), named('pending')]
  const problems: HistoryProblem[] = []
  if (failed.length > 0) {
    problems.push(
      new MigrationError(
        'migrate.failed',
        `${list(failed)} failed partway, or is being applied now. A script is applied atomically, except for one that cannot run in a transaction`,
        {
          details: { migrations: failed },
          remedy: `check what it left behind (\`pnpm db:migrate status\` names invalid indexes), fix the migration, then \`pnpm prisma migrate resolve --rolled-back ${failed[0]}\` and \`pnpm prisma migrate deploy\``,
        },
      ),
    )
  }
  if (edited.length > 0) {
    problems.push(
      new MigrationError(
        'migrate.edited',
        `${list(edited)} was changed after it was applied: its migration.sql differs from the one applied to this database`,
        {
          details: { migrations: edited },
          remedy: 'restore it from version control, and put the change into a separate migration',
        },
      ),
    )
  }
  if (unknown.length > 0 && pending.length > 0) {
    problems.push(
      new MigrationError(
        'migrate.diverged',
        `The history has diverged: the database has ${list(unknown)}, which this code does not contain, and this code has ${list(pending)}, which the database does not have`,
        {
          details: { onlyInDatabase: unknown, onlyInCode: pending },
          remedy: 'merge both branches in the code, or give each branch its own database',
        },
      ),
    )
  } else if (unknown.length > 0) {
    problems.push(
      new MigrationError(
        'migrate.ahead',
        `The database is ahead of this code: it has ${list(unknown)}, which this code does not contain`,
        {
          details: { migrations: unknown },
          remedy: 'run this from the code that contains it (a newer version or another branch)',
        },
      ),
    )
  }
  return problems
}

const list = (names: readonly string[]): string => names.join(', ')
