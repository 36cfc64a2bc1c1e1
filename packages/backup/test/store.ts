import { createDynamo, type Dynamo, parseDynamoSettings } from '@miyabi/dynamo'
import { type Migration, parseTarget, readMigrations } from '@miyabi/migrate'
import { createTestDatabase, dynamodbEndpoint, patience, sql, type TestDatabase, tablePrefix } from '@miyabi/testing'
import type { RestorePlace } from '../src/index.js'

/** The migrations of this repository. */
export const migrations: readonly Migration[] = readMigrations(
  new URL('../../../prisma/migrations', import.meta.url).pathname,
)

/** Both stores of a test's own, on the run's servers. */
export interface Store extends AsyncDisposable {
  readonly database: TestDatabase
  /** The login of the tables' owner. */
  readonly url: string
  readonly dynamo: Dynamo
  readonly prefix: string
  readonly place: RestorePlace
  /** What a context reads. */
  readonly env: Record<string, string>
  /** Asks as the owner of the tables. */
  sql<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>
}

let made = 0

/** @param options.empty without any table in PostgreSQL; `tables` makes those of DynamoDB. */
export async function openStore(options: { readonly empty?: boolean; readonly tables?: boolean } = {}): Promise<Store> {
  const database = await createTestDatabase({ empty: options.empty === true })
  const prefix = `${tablePrefix()}r${made++}-`
  const env = {
    DATABASE_URL: database.databaseUrl,
    SERVICE_DATABASE_URL: database.serviceDatabaseUrl,
    DYNAMODB_ENDPOINT: dynamodbEndpoint(),
    DYNAMODB_TABLE_PREFIX: prefix,
    ...patience,
    DB_MIN_CONNECTIONS: '0',
  }
  const dynamo = createDynamo(parseDynamoSettings(env))
  if (options.tables) await dynamo.tables.apply()
  return {
    database,
    url: database.directDatabaseUrl,
    dynamo,
    prefix,
    env,
    place: { database: parseTarget(database.directDatabaseUrl), dynamo, prefix, migrations },
    sql: <Row extends object>(text: string, values: unknown[] = []) =>
      sql<Row>(database.directDatabaseUrl, text, values),
    async [Symbol.asyncDispose]() {
      await dynamo.close()
      await database.drop()
    },
  }
}

/** Every row of the tables of the schema, as the server prints it: an oracle beside the hashes of backups. */
export async function rowsOf(store: Store, but: readonly string[] = []): Promise<Record<string, string>> {
  const tables = await store.sql<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname <> '_prisma_migrations' ORDER BY 1`,
  )
  const texts = tables
    .filter(({ name }) => !but.includes(name))
    .map(
      ({ name }) =>
        `SELECT '${name}' AS name, coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '') AS text FROM ${name} AS t`,
    )
  const rows = await store.sql<{ name: string; text: string }>(texts.join(' UNION ALL '))
  return Object.fromEntries(rows.map(({ name, text }) => [name, text]))
}
