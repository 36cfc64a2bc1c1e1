import { startTcpProxy } from '@miyabi/testing'
import { describe, expect, it } from 'vitest'
import { AcquireTimeoutError, PostgresError } from '../../src/index.js'
import { RecordingLogger } from '../recording-logger.js'
import { failureOf, until, usePoolBench } from '../support.js'

const bench = usePoolBench()

describe('DB_CONNECT_TIMEOUT', () => {
  it('ends an attempt on a server that accepts and never answers, with an error of its own', async () => {
    await using proxy = await startTcpProxy(bench.settings().databaseUrl)
    proxy.blackHole()
    const logger = new RecordingLogger()
    const databaseUrl = proxy.url(bench.settings().databaseUrl)
    const pool = bench.pool({ databaseUrl, minConnections: 1, connectTimeoutMs: 300 }, { logger })
    const start = performance.now()
    const [line] = await until(
      () => logger.of('connect_failing'),
      (lines) => lines.length > 0,
    )
    expect(performance.now() - start).toBeLessThan(20_000)
    const expected = expect.stringContaining(`server 127.0.0.1:${proxy.port}`)
    expect(line?.['error']).toMatchObject({ code: 'postgres.connect_timeout', message: expected })
    await proxy.pass()
    await expect(pool.query('SELECT 1')).resolves.toBeDefined()
    await pool.close()
  })

  it('ends the attempt, not the wait of a caller, to whom it is told as the cause', async () => {
    await using proxy = await startTcpProxy(bench.settings().databaseUrl)
    proxy.blackHole()
    const databaseUrl = proxy.url(bench.settings().databaseUrl)
    const pool = bench.pool({ databaseUrl, connectTimeoutMs: 100, acquireTimeoutMs: 400 })
    const start = performance.now()
    const error = await failureOf(pool.connect())
    expect(performance.now() - start).toBeLessThan(20_000)
    expect(error).toBeInstanceOf(AcquireTimeoutError)
    const { cause, details } = error as AcquireTimeoutError
    expect(cause).toBeInstanceOf(PostgresError)
    expect(cause).toMatchObject({ code: 'postgres.connect_timeout', retryable: true, effect: 'none' })
    expect(details.lastConnectFailure?.code).toBe('postgres.connect_timeout')
    await until(
      () => pool.stats.total,
      (total) => total === 0,
    )
  })

  it('is not waited for where the server refuses: that is known at once', async () => {
    await using proxy = await startTcpProxy(bench.settings().databaseUrl)
    await proxy.refuse()
    const logger = new RecordingLogger()
    bench.pool({ databaseUrl: proxy.url(bench.settings().databaseUrl), minConnections: 1 }, { logger })
    const [line] = await until(
      () => logger.of('connect_failing'),
      (lines) => lines.length > 0,
    )
    expect(line?.['error']).toMatchObject({ code: 'postgres.unreachable' })
  })
})
