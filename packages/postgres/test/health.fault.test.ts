import { startTcpProxy } from '@miyabi/testing'
import { describe, expect, it } from 'vitest'
import { checkHealth, createPostgres } from '../src/index.js'
import { tableNames } from '../src/tables.js'
import { until, usePoolBench } from './support.js'

const bench = usePoolBench({ empty: false })
const empty = usePoolBench({ empty: true })

describe('health', () => {
  it('is up, with version and latency', async () => {
    const postgres = createPostgres(bench.settings())
    expect(await postgres.health()).toEqual({
      status: 'up',
      latencyMs: expect.any(Number),
      version: expect.stringMatching(/^\d+/),
    })
    await postgres.close()
  })

  it('takes no slot of the pool: a saturated pool is up', async () => {
    const postgres = createPostgres(bench.settings({ maxConnections: 1, applicationName: 'health-full' }))
    const held = await postgres.pool.connect()
    expect(await postgres.health()).toMatchObject({ status: 'up' })
    expect(postgres.stats()).toMatchObject({ total: 1, waiting: 0 })
    await until(
      () => bench.backends('health-full'),
      (pids) => pids.length === 1,
    )
    held.release()
    await postgres.close()
  })

  it('says that no migration was applied, and which command does', async () => {
    expect(await checkHealth(empty.settings())).toMatchObject({
      status: 'down',
      reason: 'The database has none of the tables: no migration was applied',
      remedy: expect.stringContaining('pnpm prisma migrate deploy'),
    })
  })

  it('names the tables that are missing', async () => {
    await empty.admin('CREATE TABLE users (id int)')
    const { reason } = await checkHealth(empty.settings())
    expect(reason).toMatch(/^The database lacks 17 of 18 tables: agent_executions, /)
    await empty.admin('DROP TABLE users')
  })

  it('says which server cannot be reached', async () => {
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

  it('names a database that is not there', async () => {
    const databaseUrl = bench.settings().databaseUrl.replace(/\/[^/]*$/, '/no_such_database')
    expect(await checkHealth(bench.settings({ databaseUrl }))).toMatchObject({
      status: 'down',
      reason: expect.stringContaining('database no_such_database'),
    })
  })

  it('answers within a second and a bit when the server never does', async () => {
    await using proxy = await startTcpProxy(bench.settings().databaseUrl)
    proxy.blackHole()
    const start = performance.now()
    const health = await checkHealth(bench.settings({ databaseUrl: proxy.url(bench.settings().databaseUrl) }))
    expect(health.status).toBe('down')
    expect(health.latencyMs).toBeGreaterThanOrEqual(990)
    expect(performance.now() - start).toBeLessThan(1600)
  })

  it('ends when its caller goes away', async () => {
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
