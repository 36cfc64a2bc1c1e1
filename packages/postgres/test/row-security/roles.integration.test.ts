import { readFileSync } from 'node:fs'
import path from 'node:path'
import { databaseRoles } from '@miyabi/core'
import { type PrivateServer, startPrivateServer } from '@miyabi/testing'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { tableNames } from '../../src/schema/tables.generated.js'
import { migrationScripts, migrationsFolder } from '../schema/postgres-15.js'
import { type SchemaDatabase, schemaDatabase } from '../schema/schema-database.js'

const roles = Object.values(databaseRoles)
const ROUNDS = process.env['MIYABI_TEST_LONG'] ? 20 : 1
const scripts = migrationScripts()
/** The first migration that needs the roles. */
const first = scripts.findIndex((script) => script.includes('CREATE ROLE'))
const down = readFileSync(path.join(migrationsFolder, '20261122180000_row_level_security/down.sql'), 'utf8')

/** Roles belong to the whole server, and migrations to one database of it. */
describe.each([15, 18] as const)('the roles of row-level security on PostgreSQL %i', (major) => {
  let server: PrivateServer
  let open: SchemaDatabase[] = []
  let serial = 0
  beforeAll(async () => {
    server = await startPrivateServer({ major })
    await server.run('CREATE ROLE maker LOGIN CREATEROLE; CREATE ROLE plain LOGIN; CREATE ROLE stranger')
    await server.run('CREATE DATABASE before_roles OWNER maker')
    const db = schemaDatabase(as('maker', 'before_roles'), async () => {})
    for (const script of scripts.slice(0, first)) await db.pool.query(script)
    await db.close()
  })
  afterAll(() => server.close())
  // Each test begins on a server that has never heard of the roles.
  afterEach(async () => {
    await Promise.all(open.map((db) => db.close()))
    open = []
    for (const role of roles) await server.run(`DROP ROLE IF EXISTS ${role}`)
  })

  const as = (login: string, name: string): string => server.url(name).replace('//postgres@', `//${login}@`)
  const database = async (owner: 'maker' | 'plain', template = 'template1'): Promise<SchemaDatabase> => {
    const name = `roles_${++serial}`
    await server.run(`CREATE DATABASE ${name} OWNER ${owner} TEMPLATE ${template}`)
    const db = schemaDatabase(as(owner, name), () => server.run(`DROP DATABASE ${name} WITH (FORCE)`))
    open.push(db)
    return db
  }
  const migrate = async (db: SchemaDatabase): Promise<void> => {
    for (const script of scripts) await db.pool.query(script)
  }
  const failure = async (db: SchemaDatabase): Promise<pg.DatabaseError> => {
    const error = await migrate(db).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    await db.query('DROP SCHEMA public CASCADE').then(() => db.query('CREATE SCHEMA public'))
    if (error instanceof pg.DatabaseError) return error
    throw new Error('The migration did not fail', { cause: error })
  }
  /** The statements that a message tells an administrator to run. */
  const remedy = (error: pg.DatabaseError): string => error.hint?.replace(/^[^:]*: /, '') ?? ''

  it.each([
    ['come about once', async () => {}],
    [
      'take in the migrator once',
      async (db: SchemaDatabase) => {
        for (const role of roles) await db.query(`CREATE ROLE ${role}`)
      },
    ],
    // The migration tries ten times, and meets each of the others at most twice, once at either role.
  ])('%s when five databases are migrated at the same moment', { timeout: 300_000 }, async (_, prepare) => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const databases: SchemaDatabase[] = []
      while (databases.length < 5) databases.push(await database('maker', 'before_roles'))
      await prepare(databases[0] as SchemaDatabase)
      await Promise.all(
        databases.map(async (db) => {
          for (const script of scripts.slice(first)) await db.pool.query(script)
        }),
      )
      for (const db of databases) {
        expect(
          await db.query(
            `SELECT count(*)::int AS tables FROM pg_class WHERE relforcerowsecurity AND NOT relispartition`,
          ),
        ).toEqual([{ tables: tableNames.length }])
      }
      await Promise.all(databases.map((db) => db.close()))
      open = []
      if (round < ROUNDS - 1) for (const role of roles) await server.run(`DROP ROLE ${role}`)
    }
  })

  it('stay as they are when another database is migrated', async () => {
    const state = `SELECT r.rolname, r.xmin::text AS role, m.member::regrole::text, m.xmin::text AS membership
      FROM pg_authid r LEFT JOIN pg_auth_members m ON m.roleid = r.oid WHERE r.rolname LIKE 'miyabi%' ORDER BY 1, 3`
    const client = new pg.Client(server.url())
    await client.connect()
    await migrate(await database('maker'))
    const before = (await client.query(state)).rows
    await migrate(await database('maker'))
    expect((await client.query(state)).rows).toEqual(before)
    await client.end()
  })

  it('are asked for in words that can be run, where the migrator may not create roles', async () => {
    const db = await database('plain')
    const error = await failure(db)
    expect(error.message).toBe('There is no role miyabi_definer, and plain may not create it.')
    await server.run(remedy(error))
    await migrate(db)
  })

  it('are asked for in words that can be run, where the migrator is no member of the owner', async () => {
    for (const role of roles) await server.run(`CREATE ROLE ${role}`)
    const db = await database('plain')
    const error = await failure(db)
    expect(error.message).toContain('plain is no member of miyabi_definer and miyabi_owner')
    await server.run(remedy(error))
    await migrate(db)
  })

  it('are made for all three logins by the SQL of the set-up guide', async () => {
    const guide = readFileSync(path.join(migrationsFolder, '../../docs/DATABASE_SETUP_GUIDE.md'), 'utf8')
    const sql = /```sql\n(CREATE ROLE miyabi_migrator[\s\S]*?)```/.exec(guide)?.[1] ?? ''
    for (const statement of sql.replaceAll(/--.*/g, '').split(';')) if (statement.trim()) await server.run(statement)
    const logins = ['miyabi_migrator', 'miyabi_app', 'miyabi_backend'].map((name) =>
      schemaDatabase(as(name, 'miyabi'), async () => {}),
    )
    const [migrator, application, backend] = logins as [SchemaDatabase, SchemaDatabase, SchemaDatabase]
    await migrate(migrator)
    await expect(application.query('SELECT FROM users')).rejects.toThrow('permission denied')
    await application.query("SELECT set_config('role', 'miyabi_web_user', true)")
    await backend.query("SELECT set_config('role', 'miyabi_service', true)")
    await expect(application.query("SELECT set_config('role', 'miyabi_service', true)")).rejects.toThrow(
      'permission denied',
    )
    await Promise.all(logins.map((db) => db.close()))
    await server.run('DROP DATABASE miyabi WITH (FORCE)')
    for (const login of ['miyabi_migrator', 'miyabi_app', 'miyabi_backend']) await server.run(`DROP ROLE ${login}`)
  })

  // What is the same on every version is tried on one.
  if (major === 15) {
    it('have neither a login nor a password, and nothing that goes around row-level security', async () => {
      const db = await database('maker')
      await migrate(db)
      const found = await db.query(
        `SELECT rolname, rolcanlogin OR rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication AS mighty
           FROM pg_roles WHERE rolname LIKE 'miyabi%' ORDER BY 1`,
      )
      expect(found).toEqual([...roles].sort().map((rolname) => ({ rolname, mighty: false })))
      const client = new pg.Client(server.url())
      await client.connect()
      expect(
        (await client.query("SELECT FROM pg_authid WHERE rolname LIKE 'miyabi%' AND rolpassword IS NOT NULL")).rowCount,
      ).toBe(0)
      await client.end()
    })

    it('are refused where they go around row-level security, with the words that put it right', async () => {
      await server.run('CREATE ROLE miyabi_user BYPASSRLS; CREATE ROLE miyabi_service LOGIN')
      const db = await database('maker')
      const error = await failure(db)
      expect(error.message).toContain('bypasses row-level security')
      expect(remedy(error)).toContain('ALTER ROLE miyabi_service NOLOGIN')
      await server.run(remedy(error))
      await migrate(db)
    })

    it('take away what default privileges gave to others, in the tables and for those to come', async () => {
      const db = await database('maker')
      await db.query('ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO stranger')
      await db.query('ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO PUBLIC')
      await migrate(db)
      await db.query('CREATE TABLE later (id integer)')
      const readable = await db.query(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND has_table_privilege('stranger', oid, 'SELECT')",
      )
      expect(readable).toEqual([])
    })
  }

  it('outlive the way back of the migration, which leaves nothing else, and can be gone up again', async () => {
    const [db, neighbour] = [await database('maker'), await database('maker')]
    await migrate(neighbour)
    const last = scripts.findIndex((script) => script.includes('CREATE POLICY'))
    for (const script of scripts.slice(0, last)) await db.pool.query(script)
    const before = await rights(db)
    await db.pool.query(scripts[last] ?? '')
    const secured = await rights(db)
    await db.pool.query(down)
    expect(await rights(db)).toEqual(before)
    await db.pool.query(scripts[last] ?? '')
    expect(await rights(db)).toEqual(secured)
    // As \`migrate reset\` does it.
    await db.query('DROP SCHEMA public CASCADE').then(() => db.query('CREATE SCHEMA public'))
    await migrate(db)
    // The schema is the migrator's own now; all in it is as in a database that never went back.
    const inSchema = async (of: SchemaDatabase) => (await rights(of)).filter((line) => !/^right public /.test(line))
    expect(await inSchema(db)).toEqual(await inSchema(neighbour))
    expect(
      await neighbour.query('SELECT count(*)::int AS roles FROM pg_roles WHERE rolname = ANY ($1)', [roles]),
    ).toEqual([{ roles: 5 }])
  })
})

/** Owners, rights, row-level security and policies, one line each; rights in an order of their own. */
async function rights(db: SchemaDatabase): Promise<string[]> {
  const rows = await db.query<{ line: string }>(`
    SELECT format('table %s %s %s %s', relname, relowner::regrole, relrowsecurity, relforcerowsecurity) AS line
      FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    UNION ALL
    SELECT format('policy %s.%s %s %s', polrelid::regclass, polname, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
      FROM pg_policy
    UNION ALL
    SELECT format('function %s %s %s', oid::regprocedure, proowner::regrole, prosecdef)
      FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL
    SELECT format('right %s %s %s', object, grantee::regrole, privilege_type) FROM (
      SELECT relname::text AS object, (aclexplode(coalesce(relacl, acldefault('r', relowner)))).*
        FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
      UNION ALL
      SELECT attrelid::regclass || '.' || attname, (aclexplode(attacl)).*
        FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE relnamespace = 'public'::regnamespace
      UNION ALL
      SELECT oid::regprocedure::text, (aclexplode(coalesce(proacl, acldefault('f', proowner)))).*
        FROM pg_proc WHERE pronamespace = 'public'::regnamespace
      UNION ALL
      SELECT nspname::text, (aclexplode(nspacl)).* FROM pg_namespace WHERE nspname = 'public'
    ) AS rights
    ORDER BY 1`)
  return rows.map(({ line }) => line)
}
