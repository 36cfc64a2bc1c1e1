import { setTimeout as delay } from 'node:timers/promises'
import { startTcpProxy } from '@miyabi/testing'
import { describe, expect, it } from 'vitest'
import { until, usePoolBench } from '../support.js'

const bench = usePoolBench()
const full = (total: number) => (stats: { readonly idle: number }) => stats.idle === total

describe('DB_MIN_CONNECTIONS', () => {
  it('are opened without a query: one first, and the others after it', async () => {
    const pool = bench.pool({ minConnections: 3, applicationName: 'min-warm' })
    expect(pool.stats).toMatchObject({ idle: 0, connecting: 1 })
    const totals: number[] = []
    pool.observe(({ name }) => {
      if (name === 'opened') totals.push(pool.stats.total)
    })
    await until(() => pool.stats, full(3))
    expect(totals[0]).toBe(1)
    expect(await bench.backends('min-warm')).toHaveLength(3)
  })

  it('are not waited for by callers, who are served as fast as connections open', async () => {
    const pool = bench.pool({ minConnections: 2 })
    const clients = await Promise.all(Array.from({ length: 5 }, () => pool.connect()))
    expect(pool.stats).toMatchObject({ total: 5, active: 5 })
    for (const client of clients) client.release()
  })

  it('are opened again after the server ended them', async () => {
    const pool = bench.pool({ minConnections: 3, applicationName: 'min-killed' })
    await until(() => pool.stats, full(3))
    const before = await bench.backends('min-killed')
    await bench.killBackends('min-killed')
    const after = await until(
      () => bench.backends('min-killed'),
      (pids) => pids.length === 3 && !pids.some((pid) => before.includes(pid)),
    )
    expect(after).toHaveLength(3)
    await expect
      .poll(() => pool.stats)
      .toEqual({ total: 3, active: 0, idle: 3, connecting: 0, waiting: 0, max: 20, min: 3 })
  })

  it('are kept while the idle timeout closes the others', async () => {
    const pool = bench.pool({ minConnections: 2, idleTimeoutMs: 100 })
    await until(() => pool.stats, full(2))
    const clients = await Promise.all(Array.from({ length: 6 }, () => pool.connect()))
    for (const client of clients) client.release()
    expect(pool.stats.total).toBe(6)
    let opened = 0
    pool.on('connect', () => {
      opened += 1
    })
    await until(() => pool.stats, full(2))
    await delay(350)
    expect([pool.stats.total, opened]).toEqual([2, 0])
  })

  it('are replaced when their lifetime ends', async () => {
    const pool = bench.pool({ minConnections: 2, maxLifetimeMs: 300, applicationName: 'min-life' })
    await until(() => pool.stats, full(2))
    const before = await bench.backends('min-life')
    await until(
      () => bench.backends('min-life'),
      (pids) => pids.length === 2 && !pids.some((pid) => before.includes(pid)),
    )
  })

  it('are opened once a server that was down at the start is there', async () => {
    await using proxy = await startTcpProxy(bench.settings().databaseUrl)
    await proxy.refuse()
    const databaseUrl = proxy.url(bench.settings().databaseUrl)
    const pool = bench.pool({ databaseUrl, minConnections: 2 })
    await until(
      () => pool.stats,
      (stats) => stats.total === 0,
    )
    await proxy.pass()
    await until(() => pool.stats, full(2))
    await pool.close()
  })
})
