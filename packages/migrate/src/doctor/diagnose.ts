import { type Finding, MiyabiError } from '@miyabi/core'
import { toConnectError } from '../connection/connect-error.js'
import { PATIENCE } from '../connection/patience.js'
import { type DatabaseLocation, targetOf } from '../connection/target.js'
import type { DatabaseCheck } from './check.js'
import { driftCheck } from './drift.js'
import { indexesCheck } from './indexes.js'
import { migrationsCheck } from './migrations.js'
import { partitionsCheck } from './partitions.js'
import { restoresCheck } from './restores.js'
import { rowSecurityCheck } from './row-security.js'
import { usageCheck } from './usage.js'

/** Every group of checks on a database, in the order in which a report lists them. */
export const databaseChecks: readonly DatabaseCheck[] = [
  migrationsCheck,
  driftCheck,
  rowSecurityCheck,
  indexesCheck(),
  usageCheck,
  restoresCheck,
  partitionsCheck,
]

/**
 * Runs one group of checks on a database. Reads catalogs and statistics; to detect manual changes, it runs the
 * migrations in a scratch database, which it drops.
 *
 * @param where the migrator's database, and the folder of the migrations; `signal` ends the work.
 * @throws a failure that prevents queries to the database, or the signal's reason, with nothing left behind.
 */
export async function checkDatabase(
  check: DatabaseCheck,
  where: {
    readonly database: DatabaseLocation
    readonly migrations: string
    readonly signal?: AbortSignal | undefined
  },
): Promise<Finding[]> {
  const target = targetOf(where.database)
  const { migrations, signal } = where
  const { withClient } = await import('../connection/client.js')
  try {
    return await withClient(
      { ...target.config, ...PATIENCE },
      (client) => check.run(client, { target, migrations, signal }),
      signal,
    )
  } catch (error) {
    signal?.throwIfAborted()
    throw error instanceof MiyabiError ? error : toConnectError(error, target)
  }
}
