import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tableNames } from '../../src/schema/tables.generated.js'
import { type Table, tables } from '../schema/rows.js'
import { access } from './access.js'
import { callDifferences } from './call-matrix.js'
import { differences } from './matrix.js'
import { openSecured, openSecured15, type SecuredDatabase } from './secured-database.js'
import { structureFaults } from './structure.js'

describe.each([
  ['the server of the test run', openSecured],
  ['PostgreSQL 15', openSecured15],
])('who may do what, on %s', (_, open) => {
  let db: SecuredDatabase
  beforeAll(async () => {
    db = await open()
  })
  afterAll(() => db.close())

  it('is what access.ts says, of every table, column, verb and row, for everybody', async () => {
    const result = await differences(db.asTheRun, db.columns, Object.keys(db.columns) as Table[])
    expect(result.differences).toEqual([])
    expect(result.tried).toBeGreaterThan(2_000)
  })

  it('is what access.ts says of every function that may do what its caller may not', async () => {
    expect(await callDifferences(db.asTheRun)).toEqual([])
  })

  it('is said of all tables, and of columns that they have', () => {
    expect(Object.keys(access).sort()).toEqual(Object.keys(db.columns).sort())
    for (const table of tables) {
      const { insertColumns = [], updateColumns = [] } = access[table]
      expect(db.columns[table], table).toEqual(expect.arrayContaining([...insertColumns, ...updateColumns]))
    }
  })

  it('is kept by row-level security that binds the owner, with roles, grants and functions as they must be', async () => {
    expect(await structureFaults(db)).toEqual([])
  })

  it('cannot be forgotten for a new table, view, policy or function', async () => {
    await db.query('BEGIN')
    await db.query(`
      CREATE TABLE notes (id uuid PRIMARY KEY, user_id uuid);
      GRANT SELECT ON notes TO PUBLIC;
      CREATE VIEW every_user AS SELECT * FROM users;
      CREATE POLICY careless ON trials FOR SELECT USING (user_id = current_user_id());
      CREATE POLICY slow ON users FOR SELECT TO miyabi_user USING (name = 'x');
      ALTER TABLE logs NO FORCE ROW LEVEL SECURITY;
      DROP POLICY owner_all ON logs;
      CREATE FUNCTION mighty() RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = '' AS 'SELECT 1'`)
    const faults = await structureFaults(db)
    await db.query('ROLLBACK')
    expect(faults).toEqual([
      'every_user is a view that sees with the eyes of its owner',
      'logs does not force it on its owner',
      'logs has no policy for its owner, so that a migration would silently change no row',
      'mighty() has the rights of an owner other than miyabi_definer',
      'mighty() looks for names elsewhere than in pg_catalog and then pg_temp',
      'mighty() may be called by everybody',
      'notes does not force it on its owner',
      'notes grants something to somebody who is none of the roles',
      'notes has no policy for its owner, so that a migration would silently change no row',
      'notes has no row-level security',
      'notes is not owned by miyabi_owner',
      'trials has a policy that calls a function for each row',
      'trials has a policy that names no role',
      'users has a policy on columns with which no index begins',
    ])
  })

  it('begins with nothing: neither login may do anything to any table before it is somebody', async () => {
    for (const url of [db.databaseUrl, db.serviceDatabaseUrl]) {
      const client = new pg.Client(url)
      await client.connect()
      const allowed: string[] = []
      for (const table of tableNames) {
        for (const sql of [
          `SELECT FROM ${table}`,
          `INSERT INTO ${table} DEFAULT VALUES`,
          /^outbox_|^stream_|^erasures$/.test(table)
            ? `SELECT FROM ${table} FOR UPDATE`
            : `UPDATE ${table} SET id = id`,
          `DELETE FROM ${table}`,
          `TRUNCATE ${table}`,
        ]) {
          const code = await client.query(sql).then(
            () => 'allowed',
            (error: pg.DatabaseError) => error.code,
          )
          if (code !== '42501') allowed.push(`${sql}: ${code}`)
        }
      }
      await client.end()
      expect(allowed).toEqual([])
    }
  })

  it("lets neither login become more than it is: the application no service, the service nobody's person", async () => {
    const memberships = await db.query<{ login: string; roles: string }>(
      `SELECT m.member::regrole::text AS login, string_agg(m.roleid::regrole::text, ', ' ORDER BY 1) AS roles
         FROM pg_auth_members m WHERE m.member::regrole::text IN ('miyabi_app', 'miyabi_backend') GROUP BY 1 ORDER BY 1`,
    )
    expect(memberships).toEqual([
      { login: 'miyabi_app', roles: 'miyabi_user, miyabi_web_user' },
      { login: 'miyabi_backend', roles: 'miyabi_service' },
    ])
  })
})
