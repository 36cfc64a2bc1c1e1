import { createTestDatabase, sql, type TestDatabase } from '@miyabi/testing'
import { afterAll, beforeAll } from 'vitest'

/** An empty database for all tests of a file: the migrator's URL, and the application's, which may create nothing. */
export function useDatabase(): { readonly url: string; readonly applicationUrl: string } {
  let database: TestDatabase | undefined
  beforeAll(async () => {
    database = await createTestDatabase({ empty: true })
  })
  afterAll(() => database?.drop())
  const created = (): TestDatabase => {
    if (!database) throw new Error('The database exists only while the tests of the file run.')
    return database
  }
  return {
    get url() {
      return created().directDatabaseUrl
    },
    get applicationUrl() {
      return created().databaseUrl
    },
  }
}

/** The names of the tables in the schema `public`, sorted. */
export async function tables(url: string): Promise<string[]> {
  const rows = await sql<{ name: string }>(
    url,
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`,
  )
  return rows.map(({ name }) => name)
}

/** The same URL with changes. */
export function changed(url: string, change: (url: URL) => void): string {
  const copy = new URL(url)
  change(copy)
  return copy.toString()
}
