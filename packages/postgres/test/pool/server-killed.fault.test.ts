import { setTimeout as delay } from 'node:timers/promises'
import { startTcpProxy } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toPostgresError } from '../../src/errors/map-error.js'
import { failureOf, until, usePoolBench } from '../support.js'

const bench = usePoolBench()
const escaped: unknown[] = []
const note = (error: unknown): void => {
  escaped.push(error)
}

beforeAll(() => {
  process.on('uncaughtException', note).on('unhandledRejection', note)
})
afterAll(() => {
  process.off('uncaughtException', note).off('unhandledRejection', note)
  expect(escaped, 'nothing escapes').toEqual([])
})

describe('a server that ends sessions', () => {
  it('while they are idle is noticed before the next caller', async () => {
    const pool = bench.pool({ applicationName: 'kill-idle' })
    const clients = await Promise.all([pool.connect(), pool.connect(), pool.connect()])
    for (const client of clients) client.release()
    await bench.killBackends('kill-idle')
    await until(
      () => pool.stats.total,
      (total) => total === 0,
    )
    await expect(pool.query('SELECT 1')).resolves.toBeDefined()
  })

  it('while a statement runs fails that statement, typed, and no other', async () => {
    const pool = bench.pool({ applicationName: 'kill-busy' })
    const running = failureOf(pool.query('SELECT pg_sleep(30)'))
    await until(
      () => bench.busy(),
      (count) => count === 1,
    )
    await bench.killBackends('kill-busy')
    expect(toPostgresError(await running)).toMatchObject({
      code: 'postgres.connection_lost',
      retryable: true,
      effect: 'unknown',
      details: { sqlState: '57P01' },
    })
    await expect(pool.query('SELECT 1')).resolves.toBeDefined()
    await until(
      () => pool.stats,
      (stats) => stats.total === 1 && stats.idle === 1,
    )
  })

  it('while a connection is out and nothing runs on it does not end the process', async () => {
    const pool = bench.pool({ applicationName: 'kill-held' })
    const client = await pool.connect()
    await bench.killBackends('kill-held')
    await delay(100)
    expect(toPostgresError(await failureOf(client.query('SELECT 1')))).toMatchObject({
      code: 'postgres.connection_lost',
    })
    client.release()
    expect(pool.stats.total).toBe(0)
    await expect(pool.query('SELECT 1')).resolves.toBeDefined()
  })
})

describe('a connection that breaks under load', () => {
  it('costs the statements in flight, and the pool is whole again', async () => {
    await using proxy = await startTcpProxy(bench.settings().databaseUrl)
    const databaseUrl = proxy.url(bench.settings().databaseUrl)
    const pool = bench.pool({ databaseUrl, maxConnections: 5, minConnections: 5, testBypassMs: 0 })
    let stop = false
    let done = 0
    const failures: unknown[] = []
    const workers = Array.from({ length: 32 }, async () => {
      while (!stop) {
        await pool.query('SELECT 1').then(
          () => {
            done += 1
          },
          (error) => failures.push(error),
        )
      }
    })
    for (let n = 0; n < 5; n += 1) {
      await delay(100)
      proxy.resetAll()
    }
    const before = done
    await delay(200)
    stop = true
    await Promise.all(workers)
    expect(done).toBeGreaterThan(before)
    for (const failure of failures) {
      expect(toPostgresError(failure).code).toMatch(/^postgres\.(connection_lost|unreachable)$/)
    }
    await until(
      () => pool.stats,
      (stats) => stats.idle === 5,
    )
    expect(pool.stats).toEqual({ total: 5, active: 0, idle: 5, connecting: 0, waiting: 0, max: 5, min: 5 })
    await pool.close()
  })
})
