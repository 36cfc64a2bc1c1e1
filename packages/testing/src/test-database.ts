import { randomBytes } from 'node:crypto'
import { Socket } from 'node:net'
import type pg from 'pg'
import { createDatabase, dropDatabase, openConnection, withDatabase } from './admin.js'
import { fromRun } from './environment.js'
import { migratedTemplate } from './names.js'

/** A separate database for one test file. */
export interface TestDatabase extends AsyncDisposable {
  readonly name: string
  /** The application's login: may assume a user's role of either kind, and has no privileges itself. */
  readonly databaseUrl: string
  /** The service's login: may assume the service role, and has no privileges itself. */
  readonly serviceDatabaseUrl: string
  /** The migrator's login: owns the database. */
  readonly directDatabaseUrl: string
  /**
   * Drops it, including its open connections. Once is enough; leftovers of a killed file are dropped at the end of the
   * run.
   */
  drop(): Promise<void>
}

/**
 * Returns a clone of the run's migrated template: one created in advance, while the previous test was running,
 * otherwise within a few hundredths of a second.
 *
 * @param options.empty true for a database without tables, for tests that migrate themselves.
 * @throws {TestServerMissingError} outside a test run.
 */
export async function createTestDatabase(options: { readonly empty?: boolean } = {}): Promise<TestDatabase> {
  const prefix = fromRun('prefix')
  const admin = fromRun('directDatabaseUrl')
  const name = await takeClone(admin, prefix, options.empty ? undefined : migratedTemplate(prefix))
  const drop = (): Promise<void> => administered(admin, (client) => dropDatabase(client, name))
  return {
    name,
    databaseUrl: withDatabase(fromRun('databaseUrl'), name),
    serviceDatabaseUrl: withDatabase(fromRun('serviceDatabaseUrl'), name),
    directDatabaseUrl: withDatabase(admin, name),
    drop,
    [Symbol.asyncDispose]: drop,
  }
}

/** Clones created in advance, by run and template. Unused ones are dropped at the end of the run. */
const spares = new Map<string, Promise<string>>()

/** Returns a fresh clone; starts the next one, which is then ready for the next caller. */
async function takeClone(admin: string, prefix: string, template: string | undefined): Promise<string> {
  const key = `${admin} ${prefix} ${template}`
  const spare = spares.get(key)
  spares.delete(key)
  // A failed one is not reported: a caller that needs one gets the error from its own.
  const name = (await spare?.catch(() => undefined)) ?? (await clone(admin, prefix, template))
  if (!spares.has(key)) {
    const next = clone(admin, prefix, template)
    next.catch(() => spares.delete(key))
    spares.set(key, next)
  }
  return name
}

async function clone(admin: string, prefix: string, template: string | undefined): Promise<string> {
  const name = `${prefix}_${randomBytes(6).toString('hex')}`
  await administered(admin, (client) => createDatabase(client, name, template))
  return name
}

let last: Promise<unknown> = Promise.resolve()

/** Runs `work` on the administrator's connection, one after the other. */
function administered<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const done = last.then(async () => work(await administrator(url)))
  last = done.catch(() => {})
  return done
}

let administration: { readonly url: string; readonly client: Promise<pg.Client> } | undefined

/**
 * The connection that creates and drops this process's databases. A single one, because opening each costs a server as
 * much as a larger query.
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
    socket.unref() // it does not keep the process alive
  }, forget)
  return client
}
