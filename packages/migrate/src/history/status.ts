import { withClient } from '../connection/client.js'
import { toConnectError } from '../connection/connect-error.js'
import { type DatabaseLocation, targetOf } from '../connection/target.js'
import { compareHistory, type MigrationStatus } from './compare.js'
import type { Migration } from './folder.js'
import { readHistory } from './history.js'
import { type LockHolder, migrationLockHolder } from './migration-lock.js'
import { type HistoryProblem, historyProblems } from './problems.js'

/** How a database and the code's migrations stand to each other. */
export interface DatabaseStatus {
  readonly migrations: readonly MigrationStatus[]
  /** Somebody migrates or rolls back at this moment, or holds the lock for nothing. */
  readonly isBusy: boolean
  /** Who that is. */
  readonly holder: LockHolder | undefined
  /** Indexes that were not built to their end: they cost every writer, and serve no reader. */
  readonly invalidIndexes: readonly string[]
  /** What keeps a deploy or a rollback from going on, each with what to do. */
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
