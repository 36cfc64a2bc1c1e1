import { setTimeout as delay } from 'node:timers/promises'
import { type PrivateServer, startPrivateServer } from '@miyabi/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { toPostgresError } from '../../src/errors/map-error.js'
import { AcquireTimeoutError, createPool, type Pool, type PoolOptions, type PostgresSettings } from '../../src/index.js'
import { RecordingLogger } from '../recording-logger.js'
import { failureOf, until, usePoolBench } from '../support.js'
import { expectNothingEscapes } from './escapes.js'
import { expectWhole } from './whole.js'

const bench = usePoolBench()
expectNothingEscapes()

/** The next block of a table after 2,560 of 8 kB fits by a sixteenth: a short write, as on a disk that is full. */
const FILE_BLOCKS = 2560 * 16 + 1

let server: PrivateServer
beforeAll(async () => {
  server = await startPrivateServer({
    settings: ['max_connections=12', 'superuser_reserved_connections=3'],
    files: { 'pg_hba.conf': 'host all postgres all trust\nhost all all all scram-sha-256\n' },
    fileBlocks: FILE_BLOCKS,
  })
  await server.run("CREATE ROLE app LOGIN PASSWORD 'first'; GRANT ALL ON SCHEMA public TO app")
})
afterAll(() => server?.close())

const pools: Pool[] = []
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close(0)
})

function poolOfApp(changes: Partial<PostgresSettings> = {}, options: PoolOptions = {}): Pool {
  const databaseUrl = server.url().replace('postgres@', 'app:first@')
  const pool = createPool(bench.settings({ databaseUrl, ...changes }), options)
  pools.push(pool)
  return pool
}

describe('a server that refuses', () => {
  it('more connections (53300): a caller gets one that comes back, or learns why there is none', async () => {
    const logger = new RecordingLogger()
    const others = poolOfApp({ maxConnections: 9 })
    const taken = await Promise.all(Array.from({ length: 8 }, () => others.connect()))
    const pool = poolOfApp({ maxConnections: 4, acquireTimeoutMs: 1500 }, { logger })
    const only = await pool.connect()
    const error = await failureOf(pool.query('SELECT 1'))
    expect(error).toBeInstanceOf(AcquireTimeoutError)
    expect(error).toMatchObject({
      cause: { code: 'postgres.too_many_connections', details: { sqlState: '53300' } },
      // Not `total`: an attempt at another connection may be under way.
      details: { active: 1, lastConnectFailure: { code: 'postgres.too_many_connections' } },
    })
    const waiting = pool.query('SELECT 1')
    await delay(100)
    only.release()
    await expect(waiting).resolves.toBeDefined()
    for (const client of taken) client.release()
    await others.close()
    await expectWhole(pool)
    expect(logger.of('connect_failing')).toHaveLength(1)
    expect(logger.of('connect_recovered')).toHaveLength(1)
    await pool.close()
  })

  it('writes (25006): reads go on, on the same connections, and writes once it takes them', async () => {
    await server.run('CREATE TABLE IF NOT EXISTS notes (id int); GRANT ALL ON notes TO app')
    await server.run('ALTER ROLE app SET default_transaction_read_only = on')
    const pool = poolOfApp({ maxConnections: 3 })
    const before = await expectWhole(pool)
    for (let n = 0; n < 20; n += 1) {
      const error = toPostgresError(await failureOf(pool.query('INSERT INTO notes VALUES (1)')))
      expect(error).toMatchObject({ code: 'postgres.read_only', effect: 'none', details: { sqlState: '25006' } })
      await expect(pool.query('SELECT count(*) FROM notes')).resolves.toBeDefined()
    }
    expect(pool.stats).toEqual(before)
    await server.run('ALTER ROLE app RESET default_transaction_read_only')
    await server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'") // a failover ends sessions, too
    await until(
      () => pool.stats.total,
      (total) => total === 0,
    )
    await expect(pool.query('INSERT INTO notes VALUES (1)')).resolves.toBeDefined()
    expect(await expectWhole(pool)).toEqual(before)
    await pool.close()
  })

  it('to grow a table because the disk is full (53100): nothing half-done, and on it goes with room', async () => {
    await server.run('CREATE TABLE filled (id int, body text); ALTER TABLE filled ALTER body SET STORAGE PLAIN')
    await server.run('GRANT ALL ON filled TO app')
    const pool = poolOfApp({ maxConnections: 3 })
    const before = await expectWhole(pool)
    const fill = (): Promise<unknown> =>
      pool.query("INSERT INTO filled SELECT n, repeat('x', 7000) FROM generate_series(1, 4000) AS n")
    for (let n = 0; n < 3; n += 1) {
      const error = toPostgresError(await failureOf(fill()))
      expect(error).toMatchObject({ code: 'postgres.resources_exhausted', details: { sqlState: '53100' } })
      expect((await pool.query<{ count: string }>('SELECT count(*) FROM filled')).rows).toEqual([{ count: '0' }])
    }
    expect(await expectWhole(pool)).toEqual(before)
    await pool.query('TRUNCATE filled').catch(() => {}) // the owner's business where it is not the login's
    await server.run('TRUNCATE filled')
    await expect(pool.query("INSERT INTO filled VALUES (1, 'x')")).resolves.toBeDefined()
    await pool.close()
  })

  it('the old password: who is connected works on, who waits takes what comes back, and only then it is an error', async () => {
    const logger = new RecordingLogger()
    const pool = poolOfApp({ maxConnections: 2 }, { logger })
    const held = await pool.connect()
    await server.run("ALTER ROLE app PASSWORD 'second'")
    await expect(held.query('SELECT 1')).resolves.toBeDefined()
    const waiting = pool.query('SELECT 1')
    await until(
      () => logger.of('connect_failing'),
      (lines) => lines.length > 0,
    )
    held.release()
    await expect(waiting).resolves.toBeDefined()
    await server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'")
    await until(
      () => pool.stats.total,
      (total) => total === 0,
    )
    const start = performance.now()
    const errors = await Promise.all(Array.from({ length: 10 }, () => failureOf(pool.query('SELECT 1'))))
    expect(performance.now() - start).toBeLessThan(20_000) // none waits as long as it may
    for (const error of errors) {
      expect(error).toMatchObject({ code: 'postgres.auth_failed', details: { sqlState: '28P01' } })
    }
    await server.run("ALTER ROLE app PASSWORD 'first'")
    await expectWhole(pool)
    expect(JSON.stringify(logger.lines)).not.toMatch(/first|second/)
    await pool.close()
  })
})

describe('a pool emptied by leaks', () => {
  it('tells each caller so, names every leak, and is whole when they come back', async () => {
    const logger = new RecordingLogger()
    const pool = bench.pool({ maxConnections: 4, acquireTimeoutMs: 800, leakThresholdMs: 300 }, { logger })
    const before = await expectWhole(pool)
    logger.lines.length = 0 // a busy machine holds the first for longer, while the others are opened
    const leaked = await Promise.all(Array.from({ length: 4 }, () => pool.connect()))
    const errors = await Promise.all(Array.from({ length: 50 }, () => failureOf(pool.query('SELECT 1'))))
    for (const error of errors) {
      expect(error).toMatchObject({ code: 'postgres.pool.acquire_timeout', details: { active: 4, idle: 0 } })
      expect((error as Error).message).toContain('all connections are in use')
    }
    expect(logger.of('leak_suspected')).toHaveLength(4)
    for (const client of leaked) client.release()
    expect(logger.of('leak_recovered')).toHaveLength(4)
    expect(await expectWhole(pool)).toEqual(before)
  })
})
