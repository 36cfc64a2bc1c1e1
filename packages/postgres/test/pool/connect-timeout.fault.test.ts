import { startTcpProxy } from '@miyabi/testing'
import { describe, expect, it } from 'vitest'
import { failureOf, usePoolBench } from '../support.js'

const bench = usePoolBench()

describe('DB_CONNECT_TIMEOUT', () => {
  it('ends an attempt on a server that accepts and never answers, with an error of its own', async () => {
    await using proxy = await startTcpProxy(bench.settings().databaseUrl)
    proxy.blackHole()
    const pool = bench.pool({ databaseUrl: proxy.url(bench.settings().databaseUrl), connectTimeoutMs: 150 })
    const start = performance.now()
    const error = await failureOf(pool.connect())
    expect(error).toMatchObject({ code: 'postgres.connect_timeout', retryable: true, effect: 'none' })
    expect((error as Error).message).toContain(`server 127.0.0.1:${proxy.port}`)
    expect(performance.now() - start).toBeLessThan(1500)
    expect(pool.stats.total).toBe(0)
    await proxy.pass()
    await expect(pool.query('SELECT 1')).resolves.toBeDefined()
    await pool.close()
  })

  it('is not reached by a server that refuses: that is said at once', async () => {
    await using proxy = await startTcpProxy(bench.settings().databaseUrl)
    await proxy.refuse()
    const pool = bench.pool({ databaseUrl: proxy.url(bench.settings().databaseUrl) })
    const start = performance.now()
    expect(await failureOf(pool.connect())).toMatchObject({
      code: 'postgres.unreachable',
      details: { systemCode: 'ECONNREFUSED' },
    })
    expect(performance.now() - start).toBeLessThan(1000)
  })
})
