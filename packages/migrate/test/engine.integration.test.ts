import { createTestDatabase, databasesRunning, sql, until } from '@miyabi/testing'
import pg from 'pg'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { changed, tables, useDatabase } from './support/database.js'
import { type Answer, migrationParams, startEngine, useSharedEngine } from './support/engine.js'

const database = useDatabase()

/** What an engine says for which the lock never comes free. Prisma waits for 10 s, while the other tests go on. */
let lockedOut: Promise<Answer>
beforeAll(async () => {
  const locked = await createTestDatabase({ empty: true })
  const holder = new pg.Client({ connectionString: locked.directDatabaseUrl })
  await holder.connect()
  await holder.query('SELECT pg_advisory_lock(72707369)') // the number that every Prisma engine takes
  const kills: (() => void)[] = []
  const engine = startEngine({ url: locked.directDatabaseUrl }, (kill) => kills.push(kill))
  lockedOut = engine.request('applyMigrations', migrationParams({ '1_a': 'SELECT 1' }))
  return async () => {
    for (const kill of kills) kill()
    await holder.end()
    await locked.drop()
  }
})

beforeEach(async () => {
  await sql(
    database.url,
    'DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public; DROP SCHEMA IF EXISTS app CASCADE',
  )
})

/** An engine for what one does not end, whose process costs more than most tests; it keeps a database to itself. */
const shared = useSharedEngine()

/** A statement that tests find in pg_stat_activity, and that lasts longer than any of them. */
const SLOW = 'SELECT pg_sleep(60)'

const isRunning = (statement: string) => async (): Promise<boolean> =>
  (await databasesRunning(database.url, statement)).includes(new URL(database.url).pathname.slice(1))

describe('a migration script', () => {
  it('is one transaction, also with dollar-quoted bodies: nothing is left of one that fails', async () => {
    const engine = startEngine({ url: database.url })
    const failing = `CREATE TABLE a (id int);
      CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END; $$;
      DO $body$ BEGIN INSERT INTO a VALUES (1); END; $body$;
      INSERT INTO a VALUES ('x');`
    const answer = await engine.request('applyMigrations', migrationParams({ '1_failing': failing }))
    expect(answer.error?.data).toMatchObject({ is_panic: false, error_code: 'P3018' })
    expect(answer.error?.data?.message).toContain('Migration name: 1_failing')
    expect(answer.error?.data?.message).toContain('Database error code: 22P02')
    expect(answer.error?.data?.message).toContain(`  4       INSERT INTO a VALUES ('x');`)
    expect(await tables(database.url)).toEqual(['_prisma_migrations'])
    expect(await sql(database.url, `SELECT 1 FROM pg_proc WHERE proname = 'f'`)).toEqual([])
    const again = await engine.request('applyMigrations', migrationParams({ '1_failing': failing }))
    expect(again.error?.data).toMatchObject({ error_code: 'P3009' })
    expect(await engine.end()).toBe(0)
  })

  it('does not leak what it sets for its session into the bookkeeping or the next script', async () => {
    const answer = await shared.request(
      'applyMigrations',
      migrationParams({
        '1_dump': `SELECT pg_catalog.set_config('search_path', '', false); SET TIME ZONE 'Asia/Tokyo'; CREATE TABLE public.a (id int)`,
        '2_next': `CREATE TABLE b (zone text DEFAULT current_setting('TimeZone')); INSERT INTO b DEFAULT VALUES`,
      }),
    )
    expect(answer.result).toEqual({ appliedMigrationNames: ['1_dump', '2_next'] })
    expect(await sql(shared.url, 'SELECT zone FROM public.b')).toEqual([{ zone: 'UTC' }])
  })

  it.each([
    [
      'a ROLLBACK, after which it would be noted and not be there',
      'CREATE TABLE a (id int);\nROLLBACK;',
      'line 2: `ROLLBACK`',
    ],
    ['a COMMIT in its middle, which would leave half', 'CREATE TABLE a (id int); COMMIT; SELECT 1 / 0;', '`COMMIT`'],
    ['a BEGIN without a COMMIT', 'BEGIN; CREATE TABLE a (id int);', '`BEGIN`'],
    ['a block that commits', 'DO $$ BEGIN CREATE TABLE a (id int); COMMIT; END $$', 'ends a transaction'],
    ['a statement that needs to be alone', 'CREATE TABLE a (id int); VACUUM;', 'cannot run in a transaction'],
    ['a header that is not understood', '-- @limts lock_timeout=5s\nCREATE TABLE a (id int);', '@limts'],
    ['a byte order mark', '\uFEFFCREATE TABLE a (id int);', 'byte order mark'],
    ['UTF-16', Buffer.from('\uFEFFCREATE TABLE a (id int);', 'utf16le').toString(), 'UTF-16'],
    ['commands of psql', '\\restrict x\nCREATE TABLE a (id int);\n\\unrestrict x', '`\\restrict` is a command of psql'],
    ['rows for psql', 'CREATE TABLE a (id int);\nCOPY a (id) FROM stdin;\n1\n\\.\n', 'COPY ... FROM stdin'],
  ])('refuses %s before it notes anything, and those before it in the same deployment', async (_, up, words) => {
    const answer = await shared.request(
      'applyMigrations',
      migrationParams({ '1_good': 'CREATE TABLE b ()', '2_bad': up }),
    )
    expect(answer.error?.data?.message).toContain('migration.sql of 2_bad')
    expect(answer.error?.data?.message).toContain(words)
    expect(await tables(shared.url)).toEqual([])
  })

  it('applies what stands between BEGIN and COMMIT together with the rest, as a whole or not at all', async () => {
    const half = 'CREATE TABLE a (id int);\nBEGIN;\nCREATE TABLE b (id int);\nCOMMIT;\nSELECT 1 / 0;'
    const failed = await shared.request('applyMigrations', migrationParams({ '1_half': half }))
    expect(failed.error?.data?.message).toContain('22012')
    expect(await tables(shared.url)).toEqual(['_prisma_migrations'])
    await shared.request('markMigrationRolledBack', { migrationName: '1_half' })
    const whole = await shared.request('applyMigrations', migrationParams({ '1_half': half.replace('1 / 0', '1') }))
    expect(whole.result).toEqual({ appliedMigrationNames: ['1_half'] })
    expect(await tables(shared.url)).toEqual(['_prisma_migrations', 'a', 'b'])
  })

  it('gives a call no way to commit a part of it', async () => {
    await sql(
      shared.url,
      'CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN CREATE TABLE a (id int); COMMIT; PERFORM 1 / 0; END $$',
    )
    const answer = await shared.request('applyMigrations', migrationParams({ '1_call': 'CALL p()' }))
    expect(answer.error?.data?.message).toContain('2D000')
    expect(await tables(shared.url)).toEqual(['_prisma_migrations'])
  })

  it('works in the schema that the URL names', async () => {
    await sql(database.url, 'CREATE SCHEMA app')
    const engine = startEngine({ url: changed(database.url, (url) => url.searchParams.set('schema', 'app')) })
    const answer = await engine.request('applyMigrations', migrationParams({ '1_a': 'CREATE TABLE a (id int)' }))
    expect(answer.result).toEqual({ appliedMigrationNames: ['1_a'] })
    const rows = await sql(database.url, `SELECT tablename FROM pg_tables WHERE schemaname = 'app' ORDER BY 1`)
    expect(rows).toEqual([{ tablename: '_prisma_migrations' }, { tablename: 'a' }])
  })

  it('records its times in UTC', async () => {
    await shared.request('applyMigrations', migrationParams({ '1_a': 'SELECT 1' }))
    const [row] = await sql<{ off: number }>(
      shared.url,
      'SELECT abs(extract(epoch FROM now() - finished_at))::int AS off FROM _prisma_migrations',
    )
    expect(row?.off).toBeLessThan(60)
  })
})

describe('a script of `db execute`', () => {
  it('is run whole, with dollar-quoted bodies', async () => {
    const script = `CREATE TABLE a (id int);\nDO $$ BEGIN INSERT INTO a VALUES (1); INSERT INTO a VALUES (2); END; $$;\n`
    const { error } = await shared.request('dbExecute', { datasourceType: { tag: 'url', url: shared.url }, script })
    expect(error).toBeUndefined()
    expect(await sql(shared.url, 'SELECT count(*)::int AS n FROM a')).toEqual([{ n: 2 }])
  })
})

describe('resolving a migration', () => {
  it('refuses one that is applied (P3012) and one that is unknown (P3011)', async () => {
    await shared.request('applyMigrations', migrationParams({ '1_a': 'CREATE TABLE a (id int)' }))
    const applied = await shared.request('markMigrationRolledBack', { migrationName: '1_a' })
    expect(applied.error?.data).toMatchObject({ error_code: 'P3012' })
    const unknown = await shared.request('markMigrationRolledBack', { migrationName: '2_b' })
    expect(unknown.error?.data).toMatchObject({ error_code: 'P3011' })
  })

  it('notes one as applied that was run by hand, and does not run it', async () => {
    const migrations = { '1_a': 'CREATE TABLE a (id int)', '2_by_hand': 'CREATE TABLE b (id int)' }
    await shared.request('applyMigrations', migrationParams({ '1_a': migrations['1_a'] }))
    const params = { ...migrationParams(migrations), migrationName: '2_by_hand' }
    expect((await shared.request('markMigrationApplied', params)).error).toBeUndefined()
    const answer = await shared.request('applyMigrations', migrationParams(migrations))
    expect(answer.result).toEqual({ appliedMigrationNames: [] })
    expect(await tables(shared.url)).toEqual(['_prisma_migrations', 'a'])
  })
})

describe('the end of the engine', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'on %s rolls back the script that is running, and records that it failed',
    async (signal) => {
      const engine = startEngine({ url: database.url })
      const answer = engine.request(
        'applyMigrations',
        migrationParams({ '1_slow': `CREATE TABLE a (id int); ${SLOW}` }),
      )
      await until(isRunning(SLOW))
      engine.child.stdin.end() // the CLI closes the input just before it sends the signal
      engine.child.kill(signal)
      expect((await answer).error?.data?.message).toMatch(
        new RegExp(`^Interrupted by ${signal}. Migration .1_slow. has been rolled back .*resolve --rolled-back 1_slow`),
      )
      expect(await engine.exit).toBe(1)
      expect(await tables(database.url)).toEqual(['_prisma_migrations'])
      expect(await isRunning(SLOW)()).toBe(false)
      const rows = await sql<{ logs: string }>(database.url, 'SELECT finished_at, logs FROM _prisma_migrations')
      expect(rows).toMatchObject([{ finished_at: null, logs: expect.stringContaining('canceling statement') }])
    },
  )

  it('on a signal stops waiting for the advisory lock of another run', async () => {
    const holder = startEngine({ url: database.url })
    void holder.request('applyMigrations', migrationParams({ '1_slow': SLOW }))
    await until(isRunning(SLOW))
    const waiting = startEngine({ url: database.url })
    void waiting.request('applyMigrations', migrationParams({ '1_slow': SLOW }))
    // It does not wait in the server, where it would keep the other from making indexes, but asks again and again.
    await until(async () => {
      const asked = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'SELECT pg_try_advisory_lock%'`
      return (await sql(database.url, asked)).length > 0
    })
    const interruptedAt = Date.now()
    waiting.child.kill('SIGINT')
    expect(await waiting.exit).toBe(1)
    expect(Date.now() - interruptedAt).toBeLessThan(25_000)
    holder.child.kill('SIGTERM')
    expect(await holder.exit).toBe(1)
  })

  it('without a signal, as when the CLI was killed, finishes the migration under way', async () => {
    const engine = startEngine({ url: database.url })
    const migration = 'CREATE TABLE a (id int); SELECT pg_sleep(1)'
    void engine.request('applyMigrations', migrationParams({ '1_a': migration }))
    await until(isRunning('pg_sleep(1)'))
    engine.child.stdout.destroy() // nobody reads the answer
    expect(await engine.end()).toBe(0)
    const rows = await sql(database.url, 'SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL')
    expect(rows).toEqual([{ migration_name: '1_a' }])
  })

  it('with nothing under way is a plain success', async () => {
    const engine = startEngine({ url: database.url })
    await engine.request('getDatabaseVersion')
    engine.child.stdin.end()
    engine.child.kill('SIGTERM')
    expect(await engine.exit).toBe(0)
  })
})

describe('the protocol', () => {
  it('answers a request it cannot connect for with the code of the connection', async () => {
    const engine = startEngine({
      url: changed(database.url, (url) => {
        url.pathname += '_missing'
      }),
    })
    expect((await engine.request('getDatabaseVersion')).error?.data).toMatchObject({
      error_code: 'P1003',
      is_panic: false,
    })
  })

  it('reports a panic as one, with its message', async () => {
    const engine = startEngine({ url: database.url })
    const { error } = await engine.request('debugPanic')
    expect(error?.data).toMatchObject({ is_panic: true, message: expect.stringContaining('artificial panic') })
  })

  it('answers a method it does not know, and goes on', async () => {
    expect((await shared.request('constructor')).error).toMatchObject({ code: -32601 })
    expect(await shared.request('getDatabaseVersion')).toMatchObject({ result: expect.stringContaining('PostgreSQL') })
  })

  it('goes on with the same session after a failed query, so that its locks hold', async () => {
    const execute = (script: string) =>
      shared.request('dbExecute', { datasourceType: { tag: 'url', url: shared.url }, script })
    await execute('SELECT pg_advisory_lock(4711)')
    expect((await execute('SELECT 1/0')).error?.data?.message).toContain('22012')
    const held = await sql(shared.url, `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711`)
    expect(held).toHaveLength(1)
  })
})

describe('the advisory lock', () => {
  it('that another run holds for more than 10 s is P1002', async () => {
    const { error } = await lockedOut
    expect(error?.data).toMatchObject({ error_code: 'P1002' })
    expect(error?.data?.message).toContain('Timed out trying to acquire a postgres advisory lock')
  })
})
