import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { until, usePoolBench } from '../support.js'

const bench = usePoolBench()

describe('DB_MAX_LIFETIME', () => {
  it('replaces a connection that is older, although it was in use all the time', async () => {
    const pool = bench.pool({ maxLifetimeMs: 300, maxConnections: 1, applicationName: 'life-busy' })
    const pids = new Set<number>()
    const start = performance.now()
    while (pids.size < 4 && performance.now() - start < 25_000) {
      const { rows } = await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid FROM pg_sleep(0.005)')
      if (rows[0]) pids.add(rows[0].pid)
    }
    expect(pids.size).toBe(4)
    // Three of them have lived, each a tenth shorter than that at most.
    expect(performance.now() - start).toBeGreaterThan(3 * 270)
  })

  it('waits for the work on a connection to end', async () => {
    const pool = bench.pool({ maxLifetimeMs: 100, applicationName: 'life-held' })
    const client = await pool.connect()
    await delay(250)
    await expect(client.query('SELECT 1')).resolves.toBeDefined()
    client.release()
    expect(pool.stats.total).toBe(0)
  })

  it('is spread, so that connections opened together do not end together', async () => {
    const pool = bench.pool({ maxLifetimeMs: 2000, maxConnections: 10 })
    const opened = new Map<unknown, number>()
    const lives: number[] = []
    pool.on('connect', (client) => opened.set(client, performance.now()))
    pool.on('remove', (client) => lives.push(performance.now() - (opened.get(client) ?? 0)))
    const clients = await Promise.all(Array.from({ length: 10 }, () => pool.connect()))
    for (const client of clients) client.release()
    await until(
      () => lives.length,
      (count) => count === 10,
    )
    expect(Math.min(...lives)).toBeGreaterThan(1700)
    // Ten draws over 200 ms: that all fall within 30 ms of one another happens once in some ten million runs.
    expect(Math.max(...lives) - Math.min(...lives)).toBeGreaterThan(30)
  })
})
