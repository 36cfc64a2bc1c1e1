import { deploy, shadowDatabases, sql } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { databaseStatus, type Migration, type MigrationError, type RollbackOptions, rollback } from '../../src/index.js'
import { tables } from '../support/database.js'
import { type Files, historyOf, migrationsOf } from '../support/migrations.js'
import { type Server, servers } from '../support/servers.js'

const PEOPLE = {
  '1_people': { up: 'CREATE TABLE people (id int PRIMARY KEY, name text)', down: 'DROP TABLE people' },
  '2_email': { up: 'ALTER TABLE people ADD email text, ADD age int', down: 'ALTER TABLE people DROP email, DROP age' },
  '3_posts': { up: 'CREATE TABLE posts (id int PRIMARY KEY)', down: 'DROP TABLE posts' },
} satisfies Record<string, Files>

describe.each(Object.keys(servers) as (keyof typeof servers)[])('rollback on %s', (name) => {
  let server: Server
  beforeAll(async () => {
    server = await servers[name]()
  })
  afterAll(() => server.close())

  /** A database with migrations applied. */
  async function deployed(files: Readonly<Record<string, Files>>): Promise<{ url: string; migrations: Migration[] }> {
    const [url, migrations] = [await server.database(), migrationsOf(files)]
    await deploy(url, migrations)
    return { url, migrations }
  }

  const back = (url: string, migrations: Migration[], options: Partial<RollbackOptions> = {}) =>
    rollback({ databaseUrl: url, migrations, lockTimeoutMs: 300, skipProof: true, ...options })

  /** Rolls back, expects to be refused, and that nothing has changed. */
  async function refusal(
    url: string,
    migrations: Migration[],
    options: Partial<RollbackOptions> = {},
  ): Promise<MigrationError> {
    const state = async () => [await tables(url), await historyOf(url)]
    const before = await state()
    const error = await back(url, migrations, options).then(
      () => expect.unreachable('it was not refused'),
      (thrown: unknown) => thrown as MigrationError,
    )
    expect(await state()).toEqual(before)
    return error
  }

  it('undoes the last migration and notes it, so that it is pending and can be applied again', async () => {
    const { url, migrations } = await deployed(PEOPLE)
    const undone = await back(url, migrations, { skipProof: false })
    expect(undone).toMatchObject([{ name: '3_posts', losses: [] }])
    expect(await tables(url)).toEqual(['_prisma_migrations', 'people'])
    const { migrations: states } = await databaseStatus(url, migrations)
    expect(states.map(({ state }) => state)).toEqual(['applied', 'applied', 'pending'])
    await deploy(url, migrations.slice(2))
    expect(await back(url, migrations)).toHaveLength(1)
    expect(await historyOf(url)).toEqual([
      '1_people applied',
      '2_email applied',
      '3_posts rolled back',
      '3_posts rolled back',
    ])
    if (name === 'PostgreSQL 15') expect(await shadowDatabases(url)).toEqual([]) // nobody else is there
  })

  it('undoes all after a given one, last first', async () => {
    const { url, migrations } = await deployed(PEOPLE)
    const undone = await back(url, migrations, { to: '1_people', skipProof: false })
    expect(undone.map((each) => each.name)).toEqual(['3_posts', '2_email'])
    expect(await back(url, migrations, { to: '1_people' })).toEqual([])
    expect(await refusal(url, migrations, { to: '3_posts' })).toMatchObject({ code: 'migrate.unknown' })
    await back(url, migrations)
    expect(await refusal(url, migrations)).toMatchObject({ code: 'migrate.nothing_applied' })
  })

  it('tells which rows and values would be lost, and destroys them only on demand', async () => {
    const { url, migrations } = await deployed(PEOPLE)
    await sql(
      url,
      `INSERT INTO people VALUES (1, 'a', 'a@b', NULL), (2, 'b', 'b@b', 7), (3, 'c', NULL, NULL); INSERT INTO posts VALUES (1), (2)`,
    )
    const error = await refusal(url, migrations, { to: '1_people' })
    expect(error).toMatchObject({
      code: 'migrate.data_loss',
      details: {
        losses: [
          { table: 'posts', rows: 2, values: 2 },
          { table: 'people', column: 'email', rows: 2, values: 2 },
          { table: 'people', column: 'age', rows: 1, values: 1 },
        ],
      },
    })
    expect(error.message).toContain('posts: 2 rows with 2 values')
    expect(error.message).toContain('people.email: 2 values')
    const undone = await back(url, migrations, { to: '1_people', acceptDataLoss: true })
    expect(undone.map(({ losses }) => losses.length)).toEqual([1, 2])
    expect(await sql(url, 'SELECT * FROM people ORDER BY id')).toEqual([
      { id: 1, name: 'a' },
      { id: 2, name: 'b' },
      { id: 3, name: 'c' },
    ])
  })

  it('sees rows that policies hide from the owner of a table', async () => {
    const { url, migrations } = await deployed({
      '1_t': { up: 'CREATE TABLE t (a int)', down: 'DROP TABLE t' },
    })
    await sql(url, 'INSERT INTO t VALUES (1); ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY')
    expect(await sql(url, 'SELECT FROM t')).toEqual([])
    expect(await refusal(url, migrations)).toMatchObject({ details: { losses: [{ table: 't', rows: 1 }] } })
  })

  it('waits for a lock no longer than it may, and for a deploy neither', async () => {
    const { url, migrations } = await deployed({ '1_t': { up: 'CREATE TABLE t (a int)', down: 'DROP TABLE t' } })
    const { default: pg } = await import('pg')
    const other = new pg.Client(url)
    await other.connect()
    await other.query('BEGIN; SELECT * FROM t')
    expect(await refusal(url, migrations)).toMatchObject({
      code: 'migrate.down_failed',
      details: { sqlstate: '55P03' },
    })
    await other.query('COMMIT; SELECT pg_advisory_lock(72707369)')
    const { rows } = await other.query<{ pid: number; login: string }>(
      'SELECT pg_backend_pid() AS pid, session_user AS login',
    )
    const [holder] = rows
    expect(await databaseStatus(url, migrations)).toMatchObject({ isBusy: true, holder })
    expect(await refusal(url, migrations)).toMatchObject({
      code: 'migrate.busy',
      retryable: true,
      details: { holder },
      message: expect.stringContaining(`pg_terminate_backend(${holder?.pid})`),
    })
    await other.end()
  })

  if (name !== 'PostgreSQL 18') return

  it('undoes one migration where two ask at once for the last one', async () => {
    const { url, migrations } = await deployed(PEOPLE)
    const { default: pg } = await import('pg')
    const other = new pg.Client(url)
    await other.connect()
    await other.query('SELECT pg_advisory_lock(72707369)')
    const both = Promise.allSettled([1, 2].map(() => back(url, migrations, { lockTimeoutMs: 20_000 })))
    await expect
      .poll(async () => {
        const waiting = `SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT pg_try_advisory_lock%' AND datname = current_database()`
        return (await other.query(waiting)).rowCount
      })
      .toBe(2)
    await other.end()
    const results = await both
    expect(results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))).toMatchObject([
      { name: '3_posts' },
    ])
    expect(results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))).toMatchObject(
      [{ code: 'migrate.overtaken', retryable: false, details: { was: '3_posts', is: '2_email' } }],
    )
    expect(await tables(url)).toEqual(['_prisma_migrations', 'people'])
  })

  it.each([
    ['deleted in a function', `DO $$ BEGIN DELETE FROM t WHERE a = 1; END $$`, { table: 't', rows: 1, values: 2 }],
    ['truncated', 'TRUNCATE t', { table: 't', rows: 2, values: 4 }],
    ['rounded by a new type', 'ALTER TABLE t ALTER b TYPE numeric(9, 0)', { table: 't', column: 'b', values: 2 }],
    ['dropped with a schema', 'DROP SCHEMA s CASCADE', { table: 's.u', rows: 1, values: 1 }],
    ['overwritten', `UPDATE t SET b = 0`, { table: 't', column: 'b', values: 2 }],
  ])('finds what is %s', async (_, down, loss) => {
    const { url, migrations } = await deployed({
      '1_t': {
        up: 'CREATE TABLE t (a int, b numeric); ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE SCHEMA s; CREATE TABLE s.u AS SELECT 1 AS a',
      },
      '2_': { up: 'SELECT 1', down },
    })
    await sql(url, 'INSERT INTO t VALUES (1, 1.5), (2, 2.5)')
    await sql(url, 'ALTER TABLE t FORCE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (true)')
    expect(await refusal(url, migrations)).toMatchObject({ code: 'migrate.data_loss', details: { losses: [loss] } })
  })

  it.each([
    [
      'renames',
      'ALTER TABLE t RENAME TO u; ALTER TABLE u RENAME a TO c',
      'ALTER TABLE u RENAME c TO a; ALTER TABLE u RENAME TO t',
    ],
    ['wider types', 'ALTER TABLE t ALTER a TYPE bigint', 'ALTER TABLE t ALTER a TYPE int'],
    ['new columns that get their values back', 'ALTER TABLE t ADD x int', 'UPDATE t SET x = 2; ALTER TABLE t DROP x'],
  ])('takes %s for no loss', async (_, up, down) => {
    const { url, migrations } = await deployed({
      '1_t': { up: 'CREATE TABLE t (a int, b numeric)' },
      '2_': { up, down },
    })
    const [table = ''] = (await tables(url)).filter((each) => each !== '_prisma_migrations')
    await sql(url, `INSERT INTO ${table} VALUES (1, 1.5), (2, 2.5)`)
    expect(await back(url, migrations)).toMatchObject([{ losses: [] }])
  })

  it('refuses a history that is not that of the code, each by its name', async () => {
    const { url, migrations } = await deployed(PEOPLE)
    const [one, two, three] = migrations as [Migration, Migration, Migration]
    const edited = { ...three, up: '-- edited', checksum: '0'.repeat(64) }
    expect(await refusal(url, [one, two, edited])).toMatchObject({
      code: 'migrate.edited',
      details: { migrations: ['3_posts'] },
    })
    expect(await refusal(url, [one, two])).toMatchObject({
      code: 'migrate.ahead',
      details: { migrations: ['3_posts'] },
    })
    const other = { ...three, name: '3_other' }
    expect(await refusal(url, [one, two, other])).toMatchObject({
      code: 'migrate.diverged',
      details: { onlyInDatabase: ['3_posts'], onlyInCode: ['3_other'] },
    })
    await sql(url, `UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = '3_posts'`)
    const failed = await refusal(url, migrations)
    expect(failed).toMatchObject({ code: 'migrate.failed', details: { migrations: ['3_posts'] } })
    expect(failed.message).toContain('pnpm prisma migrate resolve --rolled-back 3_posts')
  })

  it('takes a script with the line ends of another system for the same', async () => {
    const { url, migrations } = await deployed({ '1_t': { up: 'CREATE TABLE t (a int);\n', down: 'DROP TABLE t' } })
    const windows = migrations.map((each) => ({ ...each, up: each.up.replaceAll('\n', '\r\n'), checksum: 'other' }))
    expect(await back(url, windows)).toHaveLength(1)
  })

  it('refuses a down file that is missing, broken, or cannot run in one transaction', async () => {
    const one = { up: 'CREATE TABLE t (a int)' }
    const cases = [
      [undefined, 'migrate.down_missing'],
      ['DROP TABEL t', 'migrate.sql_syntax'],
      ['BEGIN; DROP TABLE t; COMMIT', 'migrate.down_not_transactional'],
      ['DROP TABLE t; ROLLBACK', 'migrate.down_not_transactional'],
      ['\\restrict x\nDROP TABLE t', 'migrate.sql_syntax'],
      ['\uFEFFDROP TABLE t', 'migrate.sql_syntax'],
      ['DROP INDEX CONCURRENTLY i', 'migrate.down_not_transactional'],
      ['-- @forgets t\nDROP TABLE t', 'migrate.directive_invalid'],
      ['DROP TABLE nowhere', 'migrate.down_failed'],
      ['SELECT 1', 'migrate.down_does_not_restore'],
    ] as const
    for (const [down, code] of cases) {
      const { url, migrations } = await deployed({ '1_t': { ...one, ...(down !== undefined && { down }) } })
      expect(await refusal(url, migrations, { skipProof: false }), down).toMatchObject({ code })
    }
  })

  it('names what a down file leaves, and does without the proof on demand', async () => {
    const { url, migrations } = await deployed({
      '1_t': {
        up: 'CREATE TABLE t (a int); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$SELECT 1$$',
        down: 'DROP TABLE t',
      },
    })
    const error = await refusal(url, migrations, { skipProof: false })
    expect(error.message).toContain('+ function public.f()')
    expect(await back(url, migrations)).toHaveLength(1)
  })

  it('takes back everything when a statement is refused by this database alone', async () => {
    const { url, migrations } = await deployed({
      '1_t': { up: 'CREATE TABLE t (a int); CREATE TABLE u (a int)', down: 'DROP TABLE u; DROP TABLE t' },
    })
    await sql(url, 'CREATE VIEW v AS SELECT * FROM t')
    const error = await refusal(url, migrations)
    expect(error).toMatchObject({ code: 'migrate.down_failed', details: { sqlstate: '2BP01' } })
  })
})
