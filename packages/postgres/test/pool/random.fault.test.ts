import { setTimeout as delay } from 'node:timers/promises'
import { Budget, startTcpProxy, type TcpProxy } from '@miyabi/testing'
import { expect, it } from 'vitest'
import { toPostgresError } from '../../src/errors/map-error.js'
import type { Pool, PoolStats } from '../../src/index.js'
import { until, usePoolBench } from '../support.js'

const bench = usePoolBench()
/** Rounds are mishaps, of a fifth of a second. */
const MISHAPS = { name: 'mishaps of a pool', short: 15, longSeconds: 180 }

/** What callers do to a pool, the careless ones included. */
const habits: readonly ((pool: Pool) => Promise<unknown>)[] = [
  (pool) => pool.query('SELECT $1::int', [1]),
  (pool) => pool.query('SELECT 1/0'),
  (pool) =>
    pool.acquire({ signal: AbortSignal.timeout(Math.ceil(Math.random() * 30)) }).then((client) => client.release()),
  async (pool) => {
    const client = await pool.connect()
    try {
      await client.query('BEGIN')
      if (Math.random() < 0.5) await client.query('COMMIT')
    } finally {
      client.release()
    }
  },
  async (pool) => {
    const client = await pool.connect()
    await delay(Math.random() * 30)
    client.release(Math.random() < 0.2)
  },
]

/** What networks and servers do to a pool. */
const mishaps: readonly ((proxy: TcpProxy) => void | Promise<void>)[] = [
  (proxy) => proxy.resetAll(),
  (proxy) => proxy.refuse(),
  (proxy) => proxy.blackHole(),
  (proxy) => proxy.halfClose(),
  (proxy) => proxy.delay(20),
]

const any = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T

function faultsIn({ total, active, idle, connecting, max }: PoolStats): boolean {
  return total > max || connecting < 0 || active < 0 || active + idle + connecting !== total
}

it(
  'whatever happens, the limits hold, nothing leaks, and the pool is whole again',
  async () => {
    await using proxy = await startTcpProxy(bench.settings().databaseUrl)
    const pool = bench.pool({
      databaseUrl: proxy.url(bench.settings().databaseUrl),
      maxConnections: 8,
      minConnections: 4,
      acquireTimeoutMs: 300,
      connectTimeoutMs: 500,
      maxLifetimeMs: 400,
      idleTimeoutMs: 200,
      testBypassMs: 20,
      applicationName: 'random',
    })
    const wrong: PoolStats[] = []
    let succeeded = 0
    using budget = new Budget(MISHAPS)
    let isOver = false
    const callers = Array.from({ length: 64 }, async () => {
      while (!isOver) {
        if (faultsIn(pool.stats)) wrong.push(pool.stats)
        await any(habits)(pool).then(
          () => {
            succeeded += 1
          },
          (error) => toPostgresError(error),
        )
        await delay(1)
      }
    })
    while (budget.next()) {
      await delay(100)
      await (mishaps[Math.floor(budget.random() * mishaps.length)] as (typeof mishaps)[number])(proxy)
      await delay(100)
      await proxy.pass()
    }
    isOver = true
    await Promise.all(callers)
    expect(wrong).toEqual([])
    expect(succeeded).toBeGreaterThan(0)
    const whole = { total: 4, active: 0, idle: 4, connecting: 0, waiting: 0, max: 8, min: 4 }
    await until(
      () => pool.stats,
      (stats) => stats.idle === 4 && stats.total === 4 && stats.waiting === 0,
    )
    expect(pool.stats).toEqual(whole)
    expect(await pool.close()).toEqual({ drained: true, destroyed: 0 })
    expect(
      await until(
        () => bench.backends('random'),
        (pids) => pids.length === 0,
      ),
    ).toEqual([])
  },
  new Budget(MISHAPS).timeoutMs,
)
