import { randomBytes } from 'node:crypto'
import { createTestDatabase, type PrivateServer, startPrivateServer } from '@miyabi/testing'

/** A server to test on: that of the run, or the oldest major that is supported. */
export interface Server {
  /** An empty database, of a login that owns it, may create others, and is no superuser. It goes with the server. */
  database(): Promise<string>
  close(): Promise<void>
}

/** The newest major with everything, the oldest with what may differ between them. */
export const servers: Readonly<Record<'PostgreSQL 18' | 'PostgreSQL 15', () => Promise<Server>>> = {
  'PostgreSQL 18': async () => {
    const databases: { drop(): Promise<void> }[] = []
    return {
      async database() {
        const database = await createTestDatabase({ empty: true })
        databases.push(database)
        return database.directDatabaseUrl
      },
      close: async () => void (await Promise.all(databases.map((database) => database.drop()))),
    }
  },
  'PostgreSQL 15': async () => {
    const server = await startPrivateServer()
    await server.run('CREATE ROLE migrator LOGIN CREATEDB CREATEROLE; CREATE ROLE app_reader')
    return { database: () => databaseOn(server), close: () => server.close() }
  },
}

async function databaseOn(server: PrivateServer): Promise<string> {
  const name = `test_${randomBytes(4).toString('hex')}`
  await server.run(`CREATE DATABASE ${name} OWNER migrator`)
  return server.url(name).replace('//postgres@', '//migrator@')
}
