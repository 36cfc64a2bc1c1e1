import { startTcpProxy } from '@miyabi/testing'
import { describe, expect, it } from 'vitest'
import { failureOf, until, usePoolBench } from '../support.js'

const bench = usePoolBench()

describe('close', () => {
  it('waits for work in flight and for those who wait already, and takes nobody new', async () => {
    const pool = bench.pool({ maxConnections: 1, applicationName: 'close-drain' })
    const running = pool.query("SELECT pg_sleep(0.2), 'running' AS what")
    const waiting = pool.query("SELECT 'waiting' AS what")
    await until(
      () => pool.stats,
      (stats) => stats.active === 1,
    )
    const closing = pool.close(5000)
    expect(await failureOf(pool.query('SELECT 1'))).toMatchObject({ code: 'postgres.pool.closed' })
    expect((await running).rows[0]).toMatchObject({ what: 'running' })
    expect((await waiting).rows[0]).toMatchObject({ what: 'waiting' })
    expect(await closing).toEqual({ drained: true, destroyed: 0 })
    expect(pool.stats.total).toBe(0)
    await until(
      () => bench.backends('close-drain'),
      (pids) => pids.length === 0,
    )
  })

  it('cuts what outlasts the grace period, and returns', async () => {
    const pool = bench.pool({ maxConnections: 2 })
    const held = await pool.connect()
    const running = failureOf(pool.query('SELECT pg_sleep(60)'))
    const waiting = failureOf(pool.connect())
    const start = performance.now()
    expect(await pool.close(200)).toEqual({ drained: false, destroyed: 2 })
    expect(performance.now() - start).toBeLessThan(20_000)
    expect(await running).toBeInstanceOf(Error)
    expect(await waiting).toMatchObject({ code: 'postgres.pool.closed' })
    held.release()
  })

  it('is over for everybody who asked with the shortest of their graces', async () => {
    const pool = bench.pool({ maxConnections: 1 })
    const running = failureOf(pool.query('SELECT pg_sleep(3600)'))
    await until(
      () => pool.stats,
      (stats) => stats.active === 1,
    )
    const patient = pool.close(3_600_000)
    expect(await pool.close(50)).toEqual({ drained: false, destroyed: 1 })
    expect(await patient).toEqual({ drained: false, destroyed: 1 })
    expect(await running).toBeInstanceOf(Error)
  })

  it('returns from a network that answers nothing', async () => {
    await using proxy = await startTcpProxy(bench.settings().databaseUrl)
    const pool = bench.pool({ databaseUrl: proxy.url(bench.settings().databaseUrl), minConnections: 2 })
    await until(
      () => pool.stats,
      (stats) => stats.idle === 2,
    )
    proxy.blackHole()
    const start = performance.now()
    expect(await pool.close(50_000)).toEqual({ drained: true, destroyed: 0 })
    expect(performance.now() - start).toBeLessThan(20_000)
  })

  it('called again gives the same answer; so does the end of the driver, and leaving the scope', async () => {
    const pool = bench.pool({ minConnections: 1 })
    const first = pool.close()
    expect(pool.close()).toBe(first)
    await pool.end()
    await new Promise<void>((resolve) => pool.end(resolve))
    await pool[Symbol.asyncDispose]()
    expect(await first).toMatchObject({ drained: true })
  })

  it('of a pool that never connected is immediate', async () => {
    expect(await bench.pool().close()).toEqual({ drained: true, destroyed: 0 })
  })
})
