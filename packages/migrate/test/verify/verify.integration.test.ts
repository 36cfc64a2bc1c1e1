import { shadowDatabases, sql } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type VerifyFinding, type VerifyOptions, verifyMigrations } from '../../src/index.js'
import { tables } from '../support/database.js'
import { type Files, migrationsOf } from '../support/migrations.js'
import { type Server, servers } from '../support/servers.js'

const PEOPLE: Files = {
  up: 'CREATE TABLE people (id int PRIMARY KEY, name text NOT NULL)',
  down: '-- @loses people\nDROP TABLE people',
  rows: `INSERT INTO people VALUES (1, 'a'), (2, 'b')`,
}

describe.each(Object.keys(servers) as (keyof typeof servers)[])('verify on %s', (name) => {
  let server: Server
  let url: string
  beforeAll(async () => {
    server = await servers[name]()
    url = await server.database()
  })
  afterAll(() => server.close())

  /** Verifies a chain of migrations on top of PEOPLE, and answers what was found with each of them. */
  async function found(
    files: Readonly<Record<string, Files>>,
    options: Partial<VerifyOptions> = {},
  ): Promise<(readonly VerifyFinding[])[]> {
    const migrations = migrationsOf({ '0_people': PEOPLE, ...files })
    const [people, ...others] = await verifyMigrations({ databaseUrl: url, migrations, ...options })
    expect(people?.findings).toEqual([])
    expect(await tables(url), 'the database itself is not touched').toEqual([])
    if (name === 'PostgreSQL 15') expect(await shadowDatabases(url), 'nothing is left behind').toEqual([]) // nobody else is there
    return others.map(({ findings }) => findings)
  }

  it('finds nothing wrong with what goes both ways and keeps its rows', async () => {
    const findings = await found({
      '1_nick': {
        up: 'ALTER TABLE people ADD nick text; UPDATE people SET nick = name',
        down: '-- @loses people.nick\nALTER TABLE people DROP nick',
      },
      '2_rename': {
        up: 'ALTER TABLE people RENAME nick TO alias; CREATE SCHEMA crowd; ALTER TABLE people SET SCHEMA crowd',
        down: 'ALTER TABLE crowd.people SET SCHEMA public; DROP SCHEMA crowd; ALTER TABLE people RENAME alias TO nick',
      },
      '3_index': {
        up: '-- @limits lock_timeout=1min\nCREATE INDEX CONCURRENTLY people_name ON crowd.people (name)',
        down: 'DROP INDEX crowd.people_name',
      },
      '4_policy': {
        up: 'ALTER TABLE crowd.people ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY',
        down: 'ALTER TABLE crowd.people NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY',
      },
      '5_age': {
        up: 'ALTER TABLE crowd.people ADD age int',
        down: '-- @loses crowd.people.age\nALTER TABLE crowd.people DROP age',
        rows: `INSERT INTO crowd.people VALUES (3, 'c', 'c', 7)`,
      },
    })
    expect(findings).toEqual([[], [], [], [], []])
  })

  it('names what a down file leaves, what it does not bring back, and what it changes for the next time', async () => {
    const [left, missing, again, failed] = await found({
      '1_view': {
        up: 'CREATE VIEW names AS SELECT name FROM people; ALTER TABLE people ADD CHECK (id > 0)',
        down: 'DROP VIEW names',
      },
      '2_nothing': { up: 'SELECT 1', down: 'DROP VIEW names' },
      '3_differently': {
        up: `DO $$ BEGIN IF to_regclass('seen') IS NULL THEN CREATE TEMPORARY TABLE seen (); ELSE COMMENT ON TABLE people IS 'x'; END IF; END $$`,
        down: 'CREATE TEMPORARY TABLE IF NOT EXISTS seen ()',
      },
      '4_schema': { up: 'CREATE SCHEMA s', down: 'SELECT 1' },
    })
    expect(left).toMatchObject([{ problem: 'not restored' }, { problem: 'up again differs' }])
    expect(left?.[0]?.text).toContain('+ constraint people_id_check on public.people')
    expect(missing).toMatchObject([{ problem: 'not restored' }, { problem: 'up again differs' }])
    expect(missing?.[0]?.text).toContain('- view public.names')
    expect(again).toMatchObject([{ problem: 'up again differs', differences: [{ kind: 'comment' }] }])
    expect(failed).toMatchObject([{ problem: 'not restored' }, { problem: 'up again failed' }])
  })

  if (name !== 'PostgreSQL 18') return

  it('tells of what a file destroys, until that is declared', async () => {
    const cases = [
      ['people.name', 'up', `UPDATE people SET name = 'x'`, 'SELECT 1'],
      ['people', 'down', 'SELECT 1', 'DELETE FROM people WHERE id = 1'],
      ['people', 'up', 'DELETE FROM people WHERE id = 1', 'SELECT 1'],
      [
        'people.name',
        'up',
        'ALTER TABLE people DROP name',
        `ALTER TABLE people ADD name text NOT NULL DEFAULT ''; ALTER TABLE people ALTER name DROP DEFAULT`,
      ],
      ['people', 'up', 'DROP TABLE people', `CREATE TABLE people (id int PRIMARY KEY)`],
    ] as const
    const chain = (declare: boolean): Record<string, Files> =>
      Object.fromEntries(
        cases.map(([loss, file, up, down], index) => {
          const header = declare ? `-- @loses ${loss}\n` : ''
          return [`${index + 1}`, file === 'up' ? { up: header + up, down } : { up, down: header + down }]
        }),
      )
    const findings = await found(chain(false))
    expect(findings.map((each) => each.map(({ problem }) => problem))).toEqual(cases.map(() => ['loss not declared']))
    expect(findings.map(([finding]) => /@loses (.*)$/.exec(finding?.text ?? '')?.[1])).toEqual(
      cases.map(([loss]) => loss),
    )
    expect(await found(chain(true))).toEqual(cases.map(() => []))
  })

  it('takes a loss for none where the rows are kept elsewhere and brought back', async () => {
    const files = {
      up: 'CREATE TABLE kept AS SELECT * FROM people; DROP TABLE people',
      down: 'CREATE TABLE people (id int PRIMARY KEY, name text NOT NULL); INSERT INTO people SELECT * FROM kept; DROP TABLE kept',
    }
    const [findings] = await found({ '1_move': files })
    expect(findings?.flatMap(({ losses }) => losses?.map(({ table }) => table))).toEqual(['kept'])
  })

  it('takes what the rows change of old ones, if only by a trigger, for no loss, and what the migration changes still for one', async () => {
    const stamped = {
      up: `ALTER TABLE people ADD at timestamptz NOT NULL DEFAULT '2026-01-01';
        CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.at := clock_timestamp(); RETURN NEW; END';
        CREATE TRIGGER stamp BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION stamp()`,
      down: '-- @loses people.at\nDROP TRIGGER stamp ON people; DROP FUNCTION stamp; ALTER TABLE people DROP at',
    }
    const added = (up: string): Files => ({
      up: `ALTER TABLE people ADD age int;${up}`,
      down: '-- @loses people.age\nALTER TABLE people DROP age',
      rows: 'UPDATE people SET age = 7 WHERE id = 1',
    })
    expect(await found({ '1_stamp': stamped, '2_age': added('') })).toEqual([[], []])
    const [, changed] = await found({ '1_stamp': stamped, '2_age': added(`UPDATE people SET name = 'x'`) })
    expect(changed?.flatMap(({ losses }) => losses?.map(({ column }) => column)).sort()).toEqual(['at', 'name'])
  })

  it('is not content with tables and columns that hold nothing, and counts the seed', async () => {
    const age = { up: 'ALTER TABLE people ADD age int', down: '-- @loses people.age\nALTER TABLE people DROP age' }
    const empty = { up: 'CREATE TABLE t (a int)', down: 'DROP TABLE t' }
    const [first, second] = await found({ '1_age': age, '2_empty': empty })
    expect(first).toMatchObject([{ problem: 'empty', text: expect.stringContaining('people.age') }])
    expect(second).toMatchObject([{ problem: 'empty', text: expect.stringMatching(/people\.age, t,/) }])
    const seed = (to: string) => sql(to, 'UPDATE people SET age = 3').then(() => {})
    expect(await found({ '1_age': age }, { seed })).toEqual([[]])
    const bad = () => Promise.reject(new Error('no seed'))
    expect((await found({ '1_x': { up: 'SELECT 1', down: 'SELECT 1' } }, { seed: bad }))[0]).toMatchObject([
      { problem: 'seed failed', text: 'no seed' },
    ])
  })

  it('tells each bad file by its name, and stops at a migration that cannot be applied', async () => {
    const nothing = { up: 'SELECT 1', down: 'SELECT 1' }
    const findings = await found({
      '1': { up: 'SELECT 1' },
      '2': { ...nothing, down: 'BEGIN; COMMIT' },
      '3': { ...nothing, down: '-- @keeps\nSELECT 1' },
      '4': { ...nothing, down: 'DROP TABEL t' },
      '5': { ...nothing, down: 'DROP TABLE nowhere' },
      '6': { ...nothing, rows: 'INSERT INTO nowhere VALUES (1)' },
      '7': { ...nothing, up: 'SELECT 1;\nSELEC 2;' },
      '8': nothing,
    })
    expect(findings.map((each) => each.map(({ problem }) => problem))).toEqual([
      ['down missing'],
      ['down not transactional'],
      ['down invalid'],
      ['down invalid'],
      ['down failed'],
      ['rows failed'],
      ['up failed'],
    ])
    expect(findings.at(-1)?.[0]?.text).toContain('  2 SELEC 2;')
    // What a deployment would refuse, and what would not be there although it was noted.
    for (const up of ['CREATE TABLE t (id int); ROLLBACK', '\\restrict x\nSELECT 1', '\uFEFFSELECT 1']) {
      expect(await found({ '1': { ...nothing, up } }), up).toMatchObject([
        [{ problem: 'up failed', text: expect.stringContaining('migration.sql, line 1') }],
      ])
    }
    expect(await found({ '1': { ...nothing, rows: 'COMMIT' } })).toMatchObject([[{ problem: 'rows failed' }]])
    expect(await found({ '1': { ...nothing, up: '-- @limits lock_timeout=soon\nSELECT 1' } })).toMatchObject([
      [{ problem: 'up failed' }],
    ])
  })
})
