import { createTestDatabase, dynamodbEndpoint, patience, type TestDatabase, tablePrefix } from '@miyabi/testing'
import { DatabaseContext } from '../src/index.js'

/** A database and tables of a test file's own, and the environment that leads there. */
export async function testEnvironment(): Promise<{
  readonly database: TestDatabase
  readonly env: Record<string, string>
}> {
  const database = await createTestDatabase()
  const env = {
    DATABASE_URL: database.databaseUrl,
    SERVICE_DATABASE_URL: database.serviceDatabaseUrl,
    DYNAMODB_ENDPOINT: dynamodbEndpoint(),
    DYNAMODB_TABLE_PREFIX: tablePrefix(),
    ...patience,
    DB_POOLER: process.env['DB_POOLER'] ?? 'none', // where the run goes through one
    DB_MIN_CONNECTIONS: '1',
    DB_MAX_CONNECTIONS: '4',
  }
  await using db = await DatabaseContext.fromEnv({ env })
  await db.dynamodb.tables.apply()
  return { database, env }
}
