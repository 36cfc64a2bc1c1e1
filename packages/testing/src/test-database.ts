import { randomBytes } from 'node:crypto'
import { Socket } from 'node:net'
import type pg from 'pg'
import { createDatabase, dropDatabase, openConnection, withDatabase } from './admin.js'
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
  await createDatabase(await administrator(admin), name, template)
  const drop = async (): Promise<void> => dropDatabase(await administrator(admin), name)
  return {
    name,
    databaseUrl: withDatabase(fromRun('databaseUrl'), name),
    serviceDatabaseUrl: withDatabase(fromRun('serviceDatabaseUrl'), name),
    directDatabaseUrl: withDatabase(admin, name),
    drop,
    [Symbol.asyncDispose]: drop,
  }
}

let administration: { readonly url: string; readonly client: Promise<pg.Client> } | undefined

/**
 * The connection that makes and drops this process's databases. It is one, as opening each costs a server as much as a
 * larger query.
 */
function administrator(url: string): Promise<pg.Client> {
  if (administration?.url === url) return administration.client
  const socket = new Socket()
  const client = openConnection(url, socket)
  administration = { url, client }
  const forget = (): void => {
    if (administration?.client === client) administration = undefined
  }
  client.then((opened) => {
    opened.once('end', forget)
    socket.unref() // it keeps no process alive
  }, forget)
  return client
}
