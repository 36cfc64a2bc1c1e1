import { MigrationError } from '../errors/migration-error.js'
import type { MigrationState, MigrationStatus } from './compare.js'

/** A history that is not as a command needs it; `code` says in which way. */
export type HistoryProblem = MigrationError<'migrate.failed' | 'migrate.edited' | 'migrate.ahead' | 'migrate.diverged'>

/** A history that cannot be trusted, as an error that says what to do; the gravest first. */
export function historyProblems(statuses: readonly MigrationStatus[]): HistoryProblem[] {
  const named = (state: MigrationState): string[] =>
    statuses.filter((status) => status.state === state).map(({ name }) => name)
  const [failed, edited, unknown, pending] = [named('failed'), named('edited'), named('unknown'), named('pending')]
  const problems: HistoryProblem[] = []
  if (failed.length > 0) {
    problems.push(
      new MigrationError(
        'migrate.failed',
        `${list(failed)} failed half way, or is being applied at this moment. A script is applied whole or not at all, but for one that cannot run in a transaction`,
        {
          details: { migrations: failed },
          remedy: `look for what that left (\`pnpm db:migrate status\` names invalid indexes), mend the migration, then \`pnpm prisma migrate resolve --rolled-back ${failed[0]}\` and \`pnpm prisma migrate deploy\``,
        },
      ),
    )
  }
  if (edited.length > 0) {
    problems.push(
      new MigrationError(
        'migrate.edited',
        `${list(edited)} was changed after it was applied: its migration.sql is not the one that this database was given`,
        {
          details: { migrations: edited },
          remedy: 'take it back from version control, and put the change into a migration of its own',
        },
      ),
    )
  }
  if (unknown.length > 0 && pending.length > 0) {
    problems.push(
      new MigrationError(
        'migrate.diverged',
        `The history has diverged: the database has ${list(unknown)}, which this code does not know, and this code has ${list(pending)}, which the database has not`,
        {
          details: { onlyInDatabase: unknown, onlyInCode: pending },
          remedy: 'bring both branches together in the code, or give each branch a database of its own',
        },
      ),
    )
  } else if (unknown.length > 0) {
    problems.push(
      new MigrationError(
        'migrate.ahead',
        `The database is ahead of this code: it has ${list(unknown)}, which this code does not know`,
        {
          details: { migrations: unknown },
          remedy: 'run this from the code that brought it (a newer version or another branch)',
        },
      ),
    )
  }
  return problems
}

const list = (names: readonly string[]): string => names.join(', ')
