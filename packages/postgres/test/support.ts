import { setTimeout as delay } from 'node:timers/promises'
import { createTestDatabase, type TestDatabase } from '@miyabi/testing'
import pg from 'pg'
import { afterAll, beforeAll } from 'vitest'
import {
  createPool,
  createPostgres,
  type Pool,
  type PoolOptions,
  type Postgres,
  type PostgresOptions,
  type PostgresSettings,
  parsePostgresSettings,
} from '../src/index.js'

/** A database of this file's own, and what tests of a pool need around it. */
export interface PoolBench {
  /** A pool on that database; one that a test leaves open is closed at the end. `min` is 0 unless said otherwise. */
  pool(changes?: Partial<PostgresSettings>, options?: PoolOptions): Pool
  settings(changes?: Partial<PostgresSettings>): PostgresSettings
  /** PostgreSQL as the service, which may see and change every row. `through` leads its URL elsewhere. */
  service(
    changes?: Partial<PostgresSettings>,
    options?: PostgresOptions & { readonly through?: (url: string) => string },
  ): Postgres
  /** The service's login. */
  readonly serviceUrl: string
  /** One statement as the migrator, past every pool. */
  admin<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>
  /**
   * Sessions of the application's and of the service's login that run a statement or have a transaction open.
   * @param text what their statement must have in it.
   */
  busy(text?: string): Promise<number>
  /** Process ids of the sessions that a pool holds on the server. */
  backends(applicationName?: string): Promise<number[]>
  /** Ends those sessions from the server's side. */
  killBackends(applicationName?: string): Promise<void>
}

/** Sets a database up for one test file and takes it down again. */
export function usePoolBench(options: { readonly empty?: boolean } = { empty: true }): PoolBench {
  const pools: Pool[] = []
  let database: TestDatabase
  let migrator: pg.Client
  let logins: pg.Client[] = []
  beforeAll(async () => {
    database = await createTestDatabase(options)
    migrator = new pg.Client(database.directDatabaseUrl)
    await migrator.connect()
  })
  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.close(0)))
    await migrator?.end()
    await Promise.all(logins.map((login) => login.end()))
    await database?.drop()
  })
  const bench: PoolBench = {
    settings: (changes) => ({
      ...parsePostgresSettings({
        DATABASE_URL: database.databaseUrl,
        SERVICE_DATABASE_URL: database.serviceDatabaseUrl,
        DB_MIN_CONNECTIONS: '0',
        DB_POOLER: process.env['DB_POOLER'], // set where the run goes through one
        DB_COMPILED_QUERIES: process.env['DB_COMPILED_QUERIES'], // and where it goes without
      }),
      ...changes,
    }),
    get serviceUrl() {
      return database.serviceDatabaseUrl
    },
    service(changes, { through = (url: string) => url, ...serviceOptions } = {}) {
      const settings = bench.settings(changes)
      return createPostgres(
        {
          ...settings,
          serviceDatabaseUrl: through(database.serviceDatabaseUrl),
          serviceMaxConnections: settings.maxConnections,
        },
        { ...serviceOptions, role: 'service' },
      )
    },
    pool(changes, poolOptions) {
      const pool = createPool(bench.settings(changes), poolOptions)
      pools.push(pool)
      return pool
    },
    async admin<Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []) {
      return (await migrator.query<Row>(sql, values)).rows
    },
    async busy(text = '') {
      if (logins.length === 0) {
        logins = [new pg.Client(database.databaseUrl), new pg.Client(database.serviceDatabaseUrl)]
        await Promise.all(logins.map((login) => login.connect()))
      }
      // As that login: what the sessions of another do, the server tells nobody, and shows NULL for it.
      const sessions = await Promise.all(
        logins.map((login) =>
          login.query(
            `SELECT 1 FROM pg_stat_activity
              WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid() AND state <> 'idle'
                AND ($1 = '' OR strpos(query, $1) > 0)`,
            [text],
          ),
        ),
      )
      return sessions.flatMap(({ rows }) => rows).length
    },
    async backends(applicationName = 'miyabi') {
      const rows = await bench.admin<{ pid: number }>(
        'SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1 ORDER BY pid',
        [applicationName],
      )
      return rows.map((row) => row.pid)
    },
    async killBackends(applicationName) {
      for (const pid of await bench.backends(applicationName))
        await bench.admin('SELECT pg_terminate_backend($1)', [pid])
    },
  }
  return bench
}

/**
 * Waits until `condition` holds; fails with what was last seen when it does not within `ms`: a limit for what would
 * never come, not for what comes late on a busy machine.
 */
export async function until<T>(look: () => T | Promise<T>, condition: (seen: T) => boolean, ms = 60_000): Promise<T> {
  const end = performance.now() + ms
  for (;;) {
    const seen = await look()
    if (condition(seen)) return seen
    if (performance.now() > end) throw new Error(`still not so after ${ms} ms: ${JSON.stringify(seen)}`)
    await delay(10)
  }
}

/** The error that a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('it did not fail')
}
