import { startTcpProxy } from '@miyabi/testing'
import { describe, expect, it } from 'vitest'
import { checkHealth, createPostgres } from '../src/index.js'
import { tableNames } from '../src/schema/tables.generated.js'
import { failureOf, until, usePoolBench } from './support.js'

const bench = usePoolBench({ empty: false })
const empty = usePoolBench({ empty: true })

describe('health', () => {
  it('is up, with version and latency', async () => {
    const postgres = createPostgres(bench.settings())
    expect(await postgres.health()).toEqual({
      status: 'up',
      ready: true,
      latencyMs: expect.any(Number),
      version: expect.stringMatching(/^\d+/),
    })
    await postgres.close()
  })

  it('takes no slot of the pool: one whose connections are all in use is up', async () => {
    const postgres = createPostgres(bench.settings({ maxConnections: 1, applicationName: 'health-full' }))
    const held = await postgres.pool.connect()
    await expect.poll(() => postgres.health()).toMatchObject({ status: 'up', ready: true })
    expect(postgres.stats()).toMatchObject({ total: 1, waiting: 0 })
    await until(
      () => bench.backends('health-full'),
      (pids) => pids.length === 1,
    )
    held.release()
    await postgres.close()
  })

  it('is degraded, and not ready, once a caller has waited for longer than a moment', async () => {
    const postgres = createPostgres(bench.settings({ maxConnections: 1 }))
    const held = await postgres.pool.connect()
    const waiting = postgres.pool.connect()
    await expect.poll(() => postgres.health()).toMatchObject({ status: 'up', ready: true })
    await until(
      () => postgres.health(),
      (health) => health.status !== 'up',
    )
    expect(await postgres.health()).toMatchObject({
      status: 'degraded',
      ready: false,
      problem: 'postgres.pool.saturated',
      reason: expect.stringMatching(/^All 1 connections are in use; 1 waiting, the first for 1\d{3} ms$/),
      remedy: expect.stringContaining('DB_MAX_CONNECTIONS'),
    })
    held.release()
    ;(await waiting).release()
    await expect.poll(() => postgres.health()).toMatchObject({ status: 'up', ready: true })
    await postgres.close()
  })

  it('opens one connection for any number of concurrent callers, and an aborted one does not end it for the rest', async () => {
    await using proxy = await startTcpProxy(bench.settings().databaseUrl)
    const databaseUrl = proxy.url(bench.settings().databaseUrl)
    const postgres = createPostgres(bench.settings({ databaseUrl }))
    const controller = new AbortController()
    const gone = failureOf(postgres.health({ signal: controller.signal }))
    const answers = Promise.all(Array.from({ length: 20 }, () => postgres.health()))
    controller.abort(new Error('gone'))
    expect(await gone).toMatchObject({ message: 'gone' })
    expect(new Set((await answers).map((health) => health.status))).toEqual(new Set(['up']))
    expect(proxy.accepted).toBe(1)
    await postgres.close()
  })

  it('distinguishes a wrong password from a server that is down', async () => {
    const url = new URL(bench.settings().databaseUrl)
    url.password = 'hunter2'
    const health = await checkHealth(bench.settings({ databaseUrl: url.toString() }))
    expect(health).toMatchObject({ status: 'down', ready: false, problem: 'postgres.auth_failed' })
    expect(JSON.stringify(health)).not.toContain('hunter2')
  })

  it('reports that no writes are accepted', async () => {
    const readOnly = (value: string): Promise<unknown> =>
      bench.admin(
        `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = ${value}', current_database()); END $$`,
      )
    await readOnly('on')
    expect(await checkHealth(bench.settings())).toMatchObject({
      status: 'down',
      ready: false,
      problem: 'postgres.read_only',
      remedy: expect.stringContaining('default_transaction_read_only'),
    })
    await bench.admin('SET default_transaction_read_only = off')
    await readOnly('off')
  })

  it('names the pending migrations if none was applied, and the command to apply them', async () => {
    expect(await checkHealth(empty.settings())).toMatchObject({
      status: 'down',
      ready: false,
      problem: 'postgres.migrations.pending',
      reason: expect.stringContaining('20261122000000_init'),
      remedy: expect.stringContaining('pnpm prisma migrate deploy'),
    })
  })

  it('names missing tables although the migrations were applied', async () => {
    await bench.admin('ALTER TABLE trials RENAME TO trails')
    const { problem, reason } = await checkHealth(bench.settings())
    await bench.admin('ALTER TABLE trails RENAME TO trials')
    expect(problem).toBe('postgres.schema_mismatch')
    expect(reason).toBe(`The database lacks 1 of ${tableNames.length} tables: trials`)
  })

  it('reports which server cannot be reached', async () => {
    await using proxy = await startTcpProxy(bench.settings().databaseUrl)
    await proxy.refuse()
    const health = await checkHealth(bench.settings({ databaseUrl: proxy.url(bench.settings().databaseUrl) }))
    expect(health).toMatchObject({
      status: 'down',
      reason: expect.stringContaining(`server 127.0.0.1:${proxy.port}`),
      remedy: expect.stringContaining('pnpm db:up'),
    })
    expect(health.reason).not.toContain(health.remedy)
  })

  it('names a missing database', async () => {
    const databaseUrl = bench.settings().databaseUrl.replace(/\/[^/]*$/, '/no_such_database')
    expect(await checkHealth(bench.settings({ databaseUrl }))).toMatchObject({
      status: 'down',
      reason: expect.stringContaining('database no_such_database'),
    })
  })

  it('answers within little more than a second if the server never does', async () => {
    await using proxy = await startTcpProxy(bench.settings().databaseUrl)
    proxy.blackHole()
    const start = performance.now()
    const databaseUrl = proxy.url(bench.settings().databaseUrl)
    const health = await checkHealth(bench.settings({ databaseUrl, connectTimeoutMs: 50_000 }))
    expect(health.status).toBe('down')
    expect(health.latencyMs).toBeGreaterThanOrEqual(990)
    expect(performance.now() - start).toBeLessThan(20_000) // it might take 50 to connect
  })

  it('ends when its caller aborts', async () => {
    const signal = AbortSignal.abort(new Error('gone'))
    await expect(checkHealth(bench.settings(), { signal })).rejects.toThrow('gone')
  })
})

describe('tableNames', () => {
  it('are the tables of the migrations', async () => {
    const rows = await bench.admin<{ name: string }>(
      "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_prisma_migrations' ORDER BY 1",
    )
    expect(rows.map((row) => row.name)).toEqual([...tableNames])
  })
})

describe('a check without an answer in time', () => {
  it('reports how far it got, and what to check there', async () => {
    await using proxy = await startTcpProxy(bench.settings().databaseUrl)
    proxy.blackHole()
    const silent = await checkHealth(bench.settings({ databaseUrl: proxy.url(bench.settings().databaseUrl) }))
    expect(silent).toMatchObject({
      problem: 'postgres.connect_timeout',
      reason: expect.stringContaining('the login was not completed within 1000 ms'),
      remedy: expect.stringContaining('host and port in DATABASE_URL'),
    })
    await bench.admin('BEGIN')
    await bench.admin('LOCK TABLE _prisma_migrations')
    const locked = await checkHealth(bench.settings())
    await bench.admin('ROLLBACK')
    expect(locked).toMatchObject({
      problem: 'postgres.connect_timeout',
      reason: expect.stringContaining('a query was not answered within 1000 ms'),
      remedy: expect.stringContaining('_prisma_migrations'),
    })
    expect(locked.remedy).not.toContain('DB_CONNECT_TIMEOUT')
  })
})
