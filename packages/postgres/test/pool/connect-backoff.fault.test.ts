import { setTimeout as delay } from 'node:timers/promises'
import { startTcpProxy } from '@miyabi/testing'
import { describe, expect, it } from 'vitest'
import { AcquireTimeoutError } from '../../src/index.js'
import { RecordingLogger } from '../recording-logger.js'
import { failureOf, until, usePoolBench } from '../support.js'

const bench = usePoolBench()

describe('while no connection can be opened', () => {
  it('all callers share a few attempts, and the first that succeeds serves all', async () => {
    await using proxy = await startTcpProxy(bench.settings().databaseUrl)
    const logger = new RecordingLogger()
    const databaseUrl = proxy.url(bench.settings().databaseUrl)
    const pool = bench.pool({ databaseUrl, maxConnections: 10, acquireTimeoutMs: 25_000 }, { logger })
    proxy.cutEach()
    const answers = Promise.all(Array.from({ length: 200 }, () => pool.query<{ one: number }>('SELECT 1 AS one')))
    // Ten at once, before anybody knew; then some 50, 100, 200 ... 1000 ms apart, each halved by chance on average.
    await until(
      () => proxy.accepted,
      (accepted) => accepted > 10 + 2,
    )
    await delay(1500)
    expect(proxy.accepted).toBeLessThan(10 + 25)
    await proxy.pass()
    expect((await answers).map(({ rows }) => rows[0]?.one)).toEqual(Array.from({ length: 200 }, () => 1))
    expect(pool.stats).toMatchObject({ active: 0, waiting: 0, connecting: 0 })
    expect(logger.of('connect_failing')).toHaveLength(1)
    expect(logger.of('connect_recovered')).toEqual([
      expect.objectContaining({ level: 'info', failures: expect.any(Number), downMs: expect.any(Number) }),
    ])
    expect(logger.lines.filter(({ level }) => level === 'warn')).toHaveLength(1)
    await pool.close()
  })

  it('a caller waits for DB_ACQUIRE_TIMEOUT and no longer, and learns why', async () => {
    await using proxy = await startTcpProxy(bench.settings().databaseUrl)
    await proxy.refuse()
    const pool = bench.pool({ databaseUrl: proxy.url(bench.settings().databaseUrl), acquireTimeoutMs: 500 })
    const errors = await Promise.all(
      Array.from({ length: 30 }, async () => {
        const start = performance.now()
        const error = await failureOf(pool.connect())
        return { error, ms: performance.now() - start }
      }),
    )
    for (const { error, ms } of errors) {
      expect(error).toBeInstanceOf(AcquireTimeoutError)
      expect(ms).toBeLessThan(20_000) // how exactly is the subject of a test of its own
    }
    // The first twenty saw why; the others, who waited for the right to have a connection, too.
    for (const { error } of errors) {
      const { cause, details } = error as AcquireTimeoutError
      expect(cause).toMatchObject({ code: 'postgres.unreachable', details: { systemCode: 'ECONNREFUSED' } })
      expect(details.lastConnectFailure).toMatchObject({ code: 'postgres.unreachable' })
    }
    expect(pool.stats).toMatchObject({ total: 0, active: 0, waiting: 0 })
  })

  it('what trying again cannot mend is told at once', async () => {
    const databaseUrl = bench.settings().databaseUrl.replace(/:[^:@/]*@/, ':wrong@')
    const pool = bench.pool({ databaseUrl, acquireTimeoutMs: 60_000 })
    const start = performance.now()
    const errors = await Promise.all([failureOf(pool.connect()), failureOf(pool.connect())])
    expect(performance.now() - start).toBeLessThan(20_000)
    for (const error of errors) expect(error).toMatchObject({ code: 'postgres.auth_failed', retryable: false })
    expect(pool.stats).toMatchObject({ active: 0, idle: 0, waiting: 0 })
  })

  it('a caller takes what others give back', async () => {
    await using proxy = await startTcpProxy(bench.settings().databaseUrl)
    const pool = bench.pool({ databaseUrl: proxy.url(bench.settings().databaseUrl), maxConnections: 5 })
    const held = await pool.connect()
    await proxy.refuse()
    const waiting = Array.from({ length: 4 }, () => pool.query('SELECT 1'))
    await delay(100)
    held.release()
    await expect(Promise.all(waiting)).resolves.toHaveLength(4)
    await expect.poll(() => pool.stats).toMatchObject({ total: 1, active: 0, idle: 1, waiting: 0 })
    await pool.close()
  })
})

describe('a caller below the maximum', () => {
  it('takes what becomes free before its own connection is there', async () => {
    await using proxy = await startTcpProxy(bench.settings().databaseUrl)
    const pool = bench.pool({ databaseUrl: proxy.url(bench.settings().databaseUrl), maxConnections: 5 })
    const held = await pool.connect()
    proxy.blackHole()
    const taken = pool.connect()
    await until(
      () => pool.stats.connecting,
      (connecting) => connecting === 1,
    )
    held.release()
    expect(await taken).toBe(held)
    // The connection that was opened for it comes into the pool.
    await proxy.pass()
    await until(
      () => pool.stats,
      ({ total, active, idle }) => total === 2 && active === 1 && idle === 1,
    )
    held.release()
    await pool.close()
  })

  it('who goes away at the very moment it is served leaves that to the next', async () => {
    const pool = bench.pool({ maxConnections: 2 })
    for (let n = 0; n < 50; n += 1) {
      const controller = new AbortController()
      const [first, second] = await Promise.all([pool.connect(), pool.connect()])
      const goesAway = pool.acquire({ signal: controller.signal }).then(
        (client) => client.release(),
        (error) => expect(error.message).toBe('gone'),
      )
      const next = pool.connect()
      if (n % 2 === 0) first.release()
      controller.abort(new Error('gone'))
      if (n % 2 === 1) first.release()
      await goesAway
      const client = await next
      client.release()
      second.release()
      await expect.poll(() => pool.stats).toMatchObject({ total: 2, active: 0, idle: 2, waiting: 0 })
    }
  })
})
