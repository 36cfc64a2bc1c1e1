import { withClient } from '../connection/client.js'
import { toConnectError } from '../connection/connect-error.js'
import { type DatabaseLocation, targetOf } from '../connection/target.js'
import { compareHistory, type MigrationStatus } from './compare.js'
import type { Migration } from './folder.js'
import { readHistory } from './history.js'
import { type LockHolder, migrationLockHolder } from './migration-lock.js'
import { type HistoryProblem, historyProblems } from './problems.js'

/** The state of a database relative to the code's migrations. */
export interface DatabaseStatus {
  readonly migrations: readonly MigrationStatus[]
  /** A migration or rollback is running, or the lock is held by another session. */
  readonly isBusy: boolean
  /** The session that holds it. */
  readonly holder: LockHolder | undefined
  /** Indexes whose build did not complete: every write maintains them, and no query uses them. */
  readonly invalidIndexes: readonly string[]
  /** What blocks a deploy or a rollback, each with its remedy. */
  readonly problems: readonly HistoryProblem[]
}

/** Reads the history of the database, and compares it with the code's migrations. */
export async function databaseStatus(
  database: DatabaseLocation,
  migrations: readonly Migration[],
): Promise<DatabaseStatus> {
  const target = targetOf(database)
  const read = withClient(target.config, async (client) => {
    const statuses = compareHistory(migrations, await readHistory(client, target.schema))
    const { rows } = await client.query<{ name: string }>(
      'SELECT indexrelid::regclass::text AS name FROM pg_index WHERE NOT indisvalid ORDER BY 1',
    )
    const holder = await migrationLockHolder(client)
    return {
      migrations: statuses,
      isBusy: holder !== undefined,
      holder,
      invalidIndexes: rows.map(({ name }) => name),
      problems: historyProblems(statuses),
    }
  })
  return read.catch((error: unknown) => {
    throw toConnectError(error, target)
  })
}
