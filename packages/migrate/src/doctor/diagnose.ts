import type { Finding } from '@miyabi/core'
import { withClient } from '../host/client.js'
import { parseTarget } from '../host/target.js'
import type { DatabaseCheck } from './check.js'
import { indexesCheck } from './indexes.js'
import { migrationsCheck } from './migrations.js'
import { rowSecurityCheck } from './row-security.js'

/** Every group of checks on a database, in the order in which a report lists them. */
export const databaseChecks: readonly DatabaseCheck[] = [migrationsCheck, rowSecurityCheck, indexesCheck()]

/**
 * Runs one group of checks on a database. Reads catalogs and statistics, and changes nothing.
 *
 * @param where the migrator's URL, and the folder of the migrations.
 * @throws the driver's error, where the database cannot be asked.
 */
export async function checkDatabase(
  check: DatabaseCheck,
  where: { readonly url: string; readonly migrations: string },
): Promise<Finding[]> {
  const { config, schema } = parseTarget(where.url)
  return withClient(config, (client) => check.run(client, { migrations: where.migrations, schema }))
}
