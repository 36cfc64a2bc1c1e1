import { statementShape } from '@miyabi/core'
import { Budget, type PrivateServer, startPrivateServer } from '@miyabi/testing'
import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { explainStatement, slowStatements } from '../../src/index.js'
import { statement, TABLE } from './random-statements.js'

const LOADED = ['shared_preload_libraries=pg_stat_statements', 'pg_stat_statements.track_utility=on']

describe.each([15, 18])('on PostgreSQL %i', (major) => {
  let server: PrivateServer
  let client: pg.Client
  const url = (login: string, database = 'app'): string => server.url(database).replace('postgres@', `${login}@`)
  const rows = async (sql: string): Promise<unknown[]> => (await client.query(sql)).rows

  beforeAll(async () => {
    server = await startPrivateServer({ major, settings: LOADED })
    await server.run('CREATE DATABASE app')
    await server.run(
      `CREATE ROLE miyabi_service; CREATE ROLE miyabi_user; CREATE ROLE migrator LOGIN; CREATE ROLE stranger LOGIN;
       GRANT miyabi_service, miyabi_user TO migrator; GRANT CREATE ON SCHEMA public TO migrator;
       ${TABLE}; GRANT ALL ON "t 1" TO miyabi_service; CREATE SEQUENCE s; GRANT ALL ON s TO miyabi_service`,
      'app',
    )
    client = new pg.Client({ connectionString: server.url('app') })
    await client.connect()
  })
  afterAll(async () => {
    await client?.end()
    await server?.close()
  })

  it('says what to do where the extension is not, where its rows are hidden, and finds it in another database', async () => {
    const asked = (login: string) => slowStatements({ database: url(login) })
    await expect(asked('migrator')).rejects.toMatchObject({
      code: 'migrate.statistics_missing',
      message: expect.stringContaining('CREATE EXTENSION pg_stat_statements'),
    })
    await server.run('CREATE EXTENSION pg_stat_statements', 'postgres')
    await expect(asked('migrator')).rejects.toMatchObject({
      code: 'migrate.statistics_denied',
      message: expect.stringContaining('GRANT pg_read_all_stats TO migrator'),
    })
    await server.run('GRANT pg_read_all_stats TO migrator')
    await rows('SELECT pg_sleep(0.01)')
    expect(await asked('migrator')).toMatchObject({ since: expect.any(Date), statements: [] })
    const { statements } = await slowStatements({ database: url('migrator'), all: true })
    expect(statements).toContainEqual(expect.objectContaining({ role: 'postgres', statement: 'SELECT pg_sleep($1)' }))
    await server.run('CREATE EXTENSION pg_stat_statements', 'app')
    await expect(asked('stranger')).rejects.toMatchObject({ code: 'migrate.statistics_denied' })
  })

  it('adds up statements of one shape, also where the server tells lengths of lists apart, and shows no value', async () => {
    await rows('SELECT pg_stat_statements_reset()')
    await rows('SET ROLE miyabi_service')
    for (const list of ['1', '1, 2', '1, 2, 3']) await rows(`SELECT a FROM "t 1" WHERE a IN (${list})`)
    await rows("INSERT INTO \"t 1\" VALUES (1, 'x'), (2, 'y')")
    await rows("SET LOCAL search_path = 'S3cret'")
    await rows('RESET ROLE')
    const { statements } = await slowStatements({ database: url('migrator') })
    expect(statements).toContainEqual({
      id: expect.stringMatching(/^[\da-f]{16}$/),
      role: 'miyabi_service',
      statement: 'SELECT a FROM "t 1" WHERE a IN ($1 /*, ... */)',
      calls: 3,
      rows: 0,
      totalMs: expect.any(Number),
      meanMs: expect.any(Number),
      maxMs: expect.any(Number),
    })
    expect(statements).toContainEqual(
      expect.objectContaining({ statement: 'INSERT INTO "t 1" VALUES ($1, $2) /*, ... */', calls: 1, rows: 2 }),
    )
    for (const { totalMs, meanMs, maxMs, calls } of statements) {
      expect(meanMs).toBeCloseTo(totalMs / calls)
      expect(maxMs).toBeLessThanOrEqual(totalMs + 0.001)
    }
    expect(statements.map(({ totalMs }) => totalMs)).toEqual(
      statements.map(({ totalMs }) => totalMs).sort((a, b) => b - a),
    )
    expect(JSON.stringify(statements)).not.toContain('S3cret')
    await rows('DELETE FROM "t 1"')
  })

  const budget = new Budget({ name: `shapes on ${major}`, short: 200, longSeconds: 60 })
  it('the shape of a random statement is that of the text which the server itself makes of it', {
    timeout: budget.timeoutMs,
  }, async () => {
    using _ = budget
    onTestFinished(async () => void (await rows('ROLLBACK')))
    await rows('BEGIN')
    while (budget.next(200)) {
      const seed = Math.floor(budget.random() * 2 ** 31)
      for (const sql of fc.sample(statement, { seed, numRuns: 200 })) {
        await rows('SELECT pg_stat_statements_reset()')
        await rows(sql)
        const [found] = (await rows("SELECT query FROM pg_stat_statements WHERE query !~ 'pg_stat_statements'")) as {
          query: string
        }[]
        expect(found, sql).toBeDefined()
        expect(statementShape(sql), sql).toBe(statementShape(found?.query ?? ''))
      }
    }
    await rows('ROLLBACK')
  })

  describe('a plan', () => {
    const explain = (sql: string, role?: string) =>
      explainStatement({ database: url('migrator'), statement: sql, ...(role && { role }) })
    const count = async (): Promise<unknown> => (await rows('SELECT count(*)::int AS n FROM "t 1"'))[0]

    it('is generic, of the text or of the id of a statement, as whom it ran', async () => {
      const { lines, role } = await explain('SELECT a FROM "t 1" WHERE a = $1 AND "b""c" = $2')
      expect(role).toBe('miyabi_service')
      expect(lines.join('\n')).toMatch(/Seq Scan on "t 1"[\s\S]*\(a = \$1\)/)
      expect(lines.join('\n')).not.toContain('actual')
      expect((await explain('SELECT 1')).lines[0]).toMatch(/^Result/)
      await rows('SET ROLE miyabi_service')
      await rows('SELECT a FROM "t 1" WHERE a > 5 ORDER BY 1 LIMIT 7')
      await rows('RESET ROLE')
      const { statements } = await slowStatements({ database: url('migrator') })
      const { id = '' } = statements.find((one) => one.statement.includes('ORDER BY')) ?? {}
      expect(await explain(id)).toMatchObject({ sql: 'SELECT a FROM "t 1" WHERE a > $1 ORDER BY 1 LIMIT $2' })
      await expect(explain('0123456789abcdef')).rejects.toMatchObject({ code: 'migrate.statement_unknown' })
      await expect(explain('SELECT FROM "t 1"', 'miyabi_user')).rejects.toMatchObject({
        details: { sqlstate: '42501' },
      })
      await expect(explain('SELECT 1', 'postgres')).rejects.toMatchObject({ details: { sqlstate: '42501' } })
      for (const { statement: shape } of statements.filter((one) => /^(SELECT a|INSERT)/.test(one.statement)))
        expect((await explain(shape)).lines.length).toBeGreaterThan(0)
    })

    it.each([
      'INSERT INTO "t 1" VALUES (1)',
      'DELETE FROM "t 1"',
      'WITH x AS (INSERT INTO "t 1" VALUES (2) RETURNING a) SELECT * FROM x',
      "SELECT nextval('s')",
      'SELECT 1;',
      'DELETE FROM "t 1"; --',
      'SELECT $1',
    ])('runs nothing of `%s`', async (sql) => {
      await rows('TRUNCATE "t 1"; INSERT INTO "t 1" VALUES (7)')
      expect((await explain(sql)).lines.length).toBeGreaterThan(0)
      expect(await count()).toEqual({ n: 1 })
      expect(await rows('SELECT is_called FROM s')).toEqual([{ is_called: false }])
    })

    it.each([
      'SELECT 1; DROP TABLE "t 1"',
      'SELECT 1; COMMIT; DELETE FROM "t 1"',
      'SELECT 1) ; DELETE FROM "t 1"; SELECT (1',
      "SELECT '1\\'; DELETE FROM \"t 1\" --'",
      '; DELETE FROM "t 1"',
      'EXPLAIN ANALYZE DELETE FROM "t 1"',
      'ANALYZE DELETE FROM "t 1"',
      '(ANALYZE) DELETE FROM "t 1"',
      ', ANALYZE) DELETE FROM "t 1"',
      'DO $$ BEGIN DELETE FROM "t 1"; END $$',
      'EXECUTE miyabi_plan',
      'PREPARE x AS DELETE FROM "t 1"',
      'CREATE TABLE x AS SELECT 1',
      'COPY "t 1" FROM STDIN',
      'COMMIT',
      'SET ROLE postgres',
      'RESET ROLE',
      '',
      '-- ',
      'SELECT 1 /*',
      'SELECT 1\0; DELETE FROM "t 1"',
    ])('is refused of `%s`, and nothing of it runs', async (sql) => {
      await rows('TRUNCATE "t 1"; INSERT INTO "t 1" VALUES (7)')
      await expect(explain(sql)).rejects.toMatchObject({ code: 'migrate.plan_refused' })
      expect(await count()).toEqual({ n: 1 })
    })

    it.each([
      ['writes', `DELETE FROM "t 1"`, '25006'],
      ['asks to write', `PERFORM set_config('transaction_read_only', 'off', true); DELETE FROM "t 1"`, '25001'],
      ['becomes somebody else', `RESET ROLE; DELETE FROM "t 1"`, '25006'],
      ['sleeps', 'PERFORM pg_sleep(60)', '57014'],
    ])(
      'has computed beforehand what is declared immutable, and is refused when that %s',
      async (name, body, sqlstate) => {
        await rows('TRUNCATE "t 1"; INSERT INTO "t 1" VALUES (7)')
        const f = name.replaceAll(' ', '_')
        await rows(`GRANT ALL ON "t 1" TO PUBLIC;
        CREATE FUNCTION ${f}_inner() RETURNS void LANGUAGE plpgsql AS $$ BEGIN ${body}; END $$;
        CREATE FUNCTION ${f}() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM ${f}_inner(); RETURN 1; END $$`)
        await expect(explain(`SELECT a FROM "t 1" WHERE a = ${f}()`)).rejects.toMatchObject({
          code: 'migrate.plan_refused',
          details: { sqlstate },
        })
        expect(await count()).toEqual({ n: 1 })
      },
    )
  })
})

it('says that the server has not loaded the library', async () => {
  const server = await startPrivateServer({ major: 18 })
  try {
    await server.run('CREATE EXTENSION pg_stat_statements')
    await expect(slowStatements({ database: server.url() })).rejects.toMatchObject({
      code: 'migrate.statistics_missing',
      message: expect.stringContaining('shared_preload_libraries'),
    })
    await server.run('ALTER EXTENSION pg_stat_statements DROP VIEW pg_stat_statements; DROP VIEW pg_stat_statements')
    await server.run('CREATE VIEW pg_stat_statements AS SELECT 1::bigint AS queryid, 1::oid AS dbid, 1::oid AS userid')
    await expect(slowStatements({ database: server.url() })).rejects.toMatchObject({
      message: expect.stringContaining('ALTER EXTENSION pg_stat_statements UPDATE'),
    })
  } finally {
    await server.close()
  }
})
