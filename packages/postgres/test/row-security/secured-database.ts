import { createTestDatabase } from '@miyabi/testing'
import pg from 'pg'
import { startPgBouncer } from '../pgbouncer/pgbouncer.js'
import { startPostgres15 } from '../schema/postgres-15.js'
import { type Table, tables } from '../schema/rows.js'
import type { Columns } from './matrix.js'
import { fixture } from './people.js'
import type { MatrixConnection } from './run-attempts.js'

/** A migrated database that holds the fixture, open as one who may become anybody. */
export interface SecuredDatabase extends MatrixConnection {
  /** The same as the tests of the run are: through a pooler, or itself. */
  readonly asTheRun: MatrixConnection
  readonly databaseUrl: string
  readonly serviceDatabaseUrl: string
  readonly columns: Columns
  /** Runs statements as the migrator. */
  query<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>
  close(): Promise<void>
}

/** On the server of the test run, where the migrator's own login may become anybody. */
export async function openSecured(): Promise<SecuredDatabase> {
  const database = await createTestDatabase()
  return prepare({ ...database, anybodyUrl: database.directDatabaseUrl, migrator: 'none', drop: database.drop })
}

/** On PostgreSQL 15. */
export async function openSecured15(): Promise<SecuredDatabase> {
  const server = await startPostgres15()
  return prepare({ ...(await server.create()), drop: server.close })
}

interface Urls {
  readonly databaseUrl: string
  readonly serviceDatabaseUrl: string
  readonly anybodyUrl: string
  readonly migrator: string
  readonly drop: () => Promise<void>
}

async function prepare({
  databaseUrl,
  serviceDatabaseUrl,
  anybodyUrl,
  migrator,
  drop,
}: Urls): Promise<SecuredDatabase> {
  const client = await connected({ connectionString: anybodyUrl, options: '-c TimeZone=UTC' })
  await client.query(`SET ROLE ${migrator}`)
  const pooler = process.env['DB_POOLER'] ? await startPgBouncer([anybodyUrl]) : undefined
  const pooled = pooler && (await connected({ connectionString: pooler.urls[0] ?? '' }))
  for (const { table, id, values } of fixture) {
    const row = { id, ...values }
    const names = Object.keys(row).join(', ')
    const places = Object.keys(row).map((_, i) => `$${i + 1}`)
    await client.query(`INSERT INTO ${table} (${names}) VALUES (${places.join(', ')})`, Object.values(row))
  }
  const { rows } = await client.query<{ table: Table; columns: string[] }>(
    `SELECT c.relname AS table, array_agg(a.attname::text ORDER BY a.attnum) AS columns
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY ($1)
      GROUP BY c.relname`,
    [tables],
  )
  return {
    client,
    home: migrator,
    databaseUrl,
    serviceDatabaseUrl,
    asTheRun: pooled ? { client: pooled, home: migrator, isPooled: true } : { client, home: migrator },
    columns: Object.fromEntries(rows.map(({ table, columns }) => [table, columns])),
    query: async <Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []) =>
      (await client.query<Row>(sql, values)).rows,
    close: async () => {
      await Promise.all([client.end(), pooled?.end()])
      await pooler?.close()
      await drop()
    },
  }
}

async function connected(config: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client(config)
  client.on('error', () => {}) // a server that is dropped under it
  await client.connect()
  return client
}
