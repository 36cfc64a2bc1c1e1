import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { startPrivateServer } from '@miyabi/testing'
import { type SchemaDatabase, schemaDatabase } from './schema-database.js'

const migrator = 'schema_owner'
export const migrationsFolder = path.resolve(import.meta.dirname, '../../../../prisma/migrations')

/** What an administrator runs once on a server where the migrator may not create roles; the logins' names are free. */
const roles = `
  CREATE ROLE miyabi_definer; CREATE ROLE miyabi_owner; CREATE ROLE miyabi_service; CREATE ROLE miyabi_user; CREATE ROLE miyabi_web_user;
  CREATE ROLE ${migrator} LOGIN;
  GRANT miyabi_definer, miyabi_owner TO ${migrator};
  CREATE ROLE miyabi_app LOGIN NOINHERIT;
  GRANT miyabi_user, miyabi_web_user TO miyabi_app;
  CREATE ROLE miyabi_backend LOGIN NOINHERIT;
  GRANT miyabi_service TO miyabi_backend;
  CREATE ROLE anybody LOGIN NOINHERIT;
  GRANT ${migrator}, miyabi_user, miyabi_web_user, miyabi_service TO anybody;`

/** The oldest PostgreSQL that the schema supports. */
export interface Postgres15 {
  /** A database with the migrations applied by its owner, who is no superuser and may not create roles. */
  create(): Promise<Database15>
  /** The same, open as its owner. */
  open(): Promise<SchemaDatabase>
  close(): Promise<void>
}

/** URLs of one database, as `createTestDatabase` gives them. */
export interface Database15 {
  readonly databaseUrl: string
  readonly directDatabaseUrl: string
  readonly serviceDatabaseUrl: string
  /** A login that may become each of the roles, the migrator included, and is none of them by itself. */
  readonly anybodyUrl: string
  /** The role of the migrator. */
  readonly migrator: string
  drop(): Promise<void>
}

/** Starts it with the roles and logins. */
export async function startPostgres15(): Promise<Postgres15> {
  const server = await startPrivateServer()
  await server.run(roles)
  let databases = 0
  let template: Promise<string> | undefined
  const as = (login: string, name: string): string => server.url(name).replace('//postgres@', `//${login}@`)
  const migrated = async (): Promise<string> => {
    const name = 'schema_migrated'
    await server.run(`CREATE DATABASE ${name} OWNER ${migrator}`)
    const db = schemaDatabase(as(migrator, name), async () => {})
    for (const migration of migrationScripts()) await db.pool.query(migration)
    await db.close()
    // Nobody can connect to a template, so no clone of it ever waits.
    await server.run(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS false`)
    return name
  }
  const create = async (): Promise<Database15> => {
    template ??= migrated()
    const name = `schema_${++databases}`
    await server.run(`CREATE DATABASE ${name} OWNER ${migrator} TEMPLATE ${await template}`)
    return {
      databaseUrl: as('miyabi_app', name),
      directDatabaseUrl: as(migrator, name),
      serviceDatabaseUrl: as('miyabi_backend', name),
      anybodyUrl: as('anybody', name),
      migrator,
      drop: () => server.run(`DROP DATABASE ${name} WITH (FORCE)`),
    }
  }
  const open = async (): Promise<SchemaDatabase> => {
    const { directDatabaseUrl, drop } = await create()
    return schemaDatabase(directDatabaseUrl, drop)
  }
  return { create, open, close: server.close }
}

/** The migrations as they are written, in their order. */
export function migrationScripts(): string[] {
  const folders = readdirSync(migrationsFolder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const names = folders.map(({ name }) => name).sort()
  return names.map((name) => readFileSync(path.join(migrationsFolder, name, 'migration.sql'), 'utf8'))
}
