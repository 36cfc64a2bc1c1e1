import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { startPrivateServer } from '../server/private-server.js'
import { type SchemaDatabase, schemaDatabase } from './schema-database.js'

const owner = 'schema_owner'
const migrations = path.resolve(import.meta.dirname, '../../../../prisma/migrations')

/** The oldest PostgreSQL that the schema supports. */
export interface Postgres15 {
  /** A database with the migrations applied by its owner, who is no superuser. */
  open(): Promise<SchemaDatabase>
  close(): Promise<void>
}

/** Starts it with a role that owns databases. */
export async function startPostgres15(): Promise<Postgres15> {
  const server = await startPrivateServer()
  await server.run(`CREATE ROLE ${owner} LOGIN CREATEROLE`)
  let databases = 0
  const open = async (): Promise<SchemaDatabase> => {
    const name = `schema_${++databases}`
    await server.run(`CREATE DATABASE ${name} OWNER ${owner}`)
    const url = server.url(name).replace('//postgres@', `//${owner}@`)
    const db = schemaDatabase(url, () => server.run(`DROP DATABASE ${name} WITH (FORCE)`))
    for (const migration of migrationScripts()) await db.pool.query(migration)
    return db
  }
  return { open, close: server.close }
}

function migrationScripts(): string[] {
  const folders = readdirSync(migrations, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const names = folders.map(({ name }) => name).sort()
  return names.map((name) => readFileSync(path.join(migrations, name, 'migration.sql'), 'utf8'))
}
