import { describe, expect, it } from 'vitest'
import { toPostgresError } from '../../src/errors/map-error.js'
import { failureOf, usePoolBench } from '../support.js'

const bench = usePoolBench()

describe('DB_STATEMENT_TIMEOUT', () => {
  it('makes the server cancel what runs longer, and the connection lives on', async () => {
    const pool = bench.pool({ statementTimeoutMs: 150, maxConnections: 1 })
    const start = performance.now()
    const error = toPostgresError(await failureOf(pool.query('SELECT pg_sleep(25)')))
    expect(performance.now() - start).toBeLessThan(10_000)
    expect(error).toMatchObject({ code: 'postgres.canceled', retryable: false })
    expect(error.message).toContain('DB_STATEMENT_TIMEOUT')
    expect(pool.stats).toMatchObject({ total: 1, idle: 1 })
  })

  it('is in the session, and 0 is none', async () => {
    const shown = async (statementTimeoutMs: number) =>
      (await bench.pool({ statementTimeoutMs }).query('SHOW statement_timeout')).rows
    expect(await shown(1500)).toEqual([{ statement_timeout: '1500ms' }])
    expect(await shown(0)).toEqual([{ statement_timeout: '0' }])
  })
})
