import { createTestDatabase } from '@miyabi/testing'
import { type SchemaDatabase, schemaDatabase } from './schema-database.js'

/** A database on the server of the test run, migrated by `prisma migrate deploy`. */
export async function openCurrent(): Promise<SchemaDatabase> {
  const database = await createTestDatabase()
  return schemaDatabase(database.directDatabaseUrl, () => database.drop())
}
