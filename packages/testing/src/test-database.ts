import { randomBytes } from 'node:crypto'
import { createDatabase, dropDatabase, withConnection, withDatabase } from './admin.js'
import { fromRun } from './environment.js'
import { migratedTemplate } from './names.js'

/** A database of its own for one test file. */
export interface TestDatabase extends AsyncDisposable {
  readonly name: string
  /** The application's login: may be a person of either kind, and has no right of its own. */
  readonly databaseUrl: string
  /** The service's login: may be the service, and has no right of its own. */
  readonly serviceDatabaseUrl: string
  /** The migrator's login: owns the database. */
  readonly directDatabaseUrl: string
  /** Drops it, with whatever is still connected. Once is enough; what a killed file leaves, the run's end drops. */
  drop(): Promise<void>
}

/**
 * Clones the run's migrated template, in a few hundredths of a second.
 *
 * @param options.empty true for a database without tables, for tests that migrate themselves.
 * @throws {TestServerMissingError} outside a test run.
 */
export async function createTestDatabase(options: { readonly empty?: boolean } = {}): Promise<TestDatabase> {
  const prefix = fromRun('prefix')
  const admin = fromRun('directDatabaseUrl')
  const name = `${prefix}_${randomBytes(6).toString('hex')}`
  const template = options.empty ? undefined : migratedTemplate(prefix)
  await withConnection(admin, (client) => createDatabase(client, name, template))
  const drop = (): Promise<void> => withConnection(admin, (client) => dropDatabase(client, name))
  return {
    name,
    databaseUrl: withDatabase(fromRun('databaseUrl'), name),
    serviceDatabaseUrl: withDatabase(fromRun('serviceDatabaseUrl'), name),
    directDatabaseUrl: withDatabase(admin, name),
    drop,
    [Symbol.asyncDispose]: drop,
  }
}
