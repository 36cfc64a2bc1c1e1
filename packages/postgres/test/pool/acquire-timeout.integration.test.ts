import { inspect } from 'node:util'
import { startTcpProxy } from '@miyabi/testing'
import { describe, expect, it } from 'vitest'
import { AcquireTimeoutError, type PostgresError } from '../../src/index.js'
import { failureOf, until, usePoolBench } from '../support.js'

const bench = usePoolBench()

describe('DB_ACQUIRE_TIMEOUT', () => {
  it('ends the wait for a connection, and says who waited how long for what', async () => {
    const pool = bench.pool({ maxConnections: 2, acquireTimeoutMs: 500 }, { name: 'orders' })
    const held = [await pool.connect(), await pool.connect()]
    const error = await failureOf(pool.query('SELECT 1'))
    expect(error).toBeInstanceOf(AcquireTimeoutError)
    const { code, details, message, retryable, effect } = error as AcquireTimeoutError
    expect({ code, retryable, effect }).toEqual({
      code: 'postgres.pool.acquire_timeout',
      retryable: false,
      effect: 'none',
    })
    expect(details).toEqual({
      pool: 'orders',
      waitedMs: expect.any(Number),
      total: 2,
      active: 2,
      idle: 0,
      connecting: 0,
      waiting: 1,
      max: 2,
      min: 0,
    })
    expect(details.waitedMs).toBeGreaterThanOrEqual(495)
    expect(details.waitedMs).toBeLessThan(20_000)
    expect(message).toContain('Pool orders: no connection within')
    for (const client of held) client.release()
    await expect(pool.query('SELECT 1')).resolves.toBeDefined()
  })

  it('forgets a caller that gave up: none is counted, none gets a connection later', async () => {
    const pool = bench.pool({ maxConnections: 1, acquireTimeoutMs: 400 })
    const held = await pool.connect()
    await Promise.all(Array.from({ length: 20 }, () => failureOf(pool.connect())))
    expect(pool.stats).toMatchObject({ active: 1, waiting: 0 })
    held.release()
    expect(pool.stats).toEqual({ total: 1, active: 0, idle: 1, connecting: 0, waiting: 0, max: 1, min: 0 })
  })

  it('is a timeout of its own: it ends the wait for a new connection too, which then comes into the pool', async () => {
    await using proxy = await startTcpProxy(bench.settings().databaseUrl)
    proxy.delay(200)
    const databaseUrl = proxy.url(bench.settings().databaseUrl)
    const pool = bench.pool({ databaseUrl, acquireTimeoutMs: 100, connectTimeoutMs: 10_000 })
    expect(await failureOf(pool.connect())).toMatchObject({
      code: 'postgres.pool.acquire_timeout',
      details: { total: 1, active: 0, connecting: 1, waiting: 1 },
    })
    await until(
      () => pool.stats,
      (stats) => stats.idle === 1,
    )
    expect(pool.stats).toMatchObject({ total: 1, active: 0, waiting: 0 })
    await pool.close()
  })

  it('may be longer than the connect timeout', async () => {
    const pool = bench.pool({ maxConnections: 1, acquireTimeoutMs: 5000, connectTimeoutMs: 100 })
    const held = await pool.connect()
    const waiting = pool.query<{ one: number }>('SELECT 1 AS one')
    setTimeout(() => held.release(), 400)
    expect((await waiting).rows).toEqual([{ one: 1 }])
  })

  it('carries the last failure to connect as its cause, without the password', async () => {
    await using proxy = await startTcpProxy(bench.settings().databaseUrl)
    const databaseUrl = proxy.url(bench.settings().databaseUrl).replace(/\/\/.*@/, '//somebody:hunter2@')
    const pool = bench.pool({ databaseUrl, maxConnections: 1, acquireTimeoutMs: 300, connectTimeoutMs: 100 })
    proxy.blackHole()
    const errors = await Promise.all([failureOf(pool.connect()), failureOf(pool.connect())])
    for (const error of errors) {
      expect(error).toBeInstanceOf(AcquireTimeoutError)
      const { details, cause } = error as AcquireTimeoutError
      expect(details.lastConnectFailure?.code).toBe('postgres.connect_timeout')
      expect((cause as PostgresError).code).toBe('postgres.connect_timeout')
    }
    expect(inspect(errors, { depth: 9 })).not.toContain('hunter2')
    await pool.close(0)
  })

  it('gives way to the signal of a caller, who leaves nothing behind', async () => {
    const pool = bench.pool({ maxConnections: 1 })
    const held = await pool.connect()
    const controller = new AbortController()
    const waiting = failureOf(pool.acquire({ signal: controller.signal }))
    controller.abort(new Error('the request went away'))
    expect(await waiting).toMatchObject({ message: 'the request went away' })
    expect(pool.stats).toMatchObject({ active: 1, waiting: 0 })
    held.release()
  })
})
