import { describe, expect, it } from 'vitest'
import { toPostgresError } from '../../src/errors/map-error.js'
import { failureOf, usePoolBench } from '../support.js'

const bench = usePoolBench()

describe('DB_LOCK_TIMEOUT', () => {
  it('makes the server give up a wait for a lock, and nothing else', async () => {
    const pool = bench.pool({ lockTimeoutMs: 150 })
    await bench.admin('CREATE TABLE locked ()')
    await bench.admin('GRANT SELECT ON locked TO PUBLIC')
    await bench.admin('BEGIN')
    await bench.admin('LOCK TABLE locked')
    const start = performance.now()
    const error = toPostgresError(await failureOf(pool.query('SELECT * FROM locked')))
    expect(performance.now() - start).toBeLessThan(10_000)
    await bench.admin('ROLLBACK')
    expect(error).toMatchObject({ code: 'postgres.lock_timeout', retryable: true, effect: 'none' })
    await expect(pool.query('SELECT pg_sleep(0.3)')).resolves.toBeDefined()
  })

  it('is in the session, and 0 is none', async () => {
    const shown = async (lockTimeoutMs: number) => (await bench.pool({ lockTimeoutMs }).query('SHOW lock_timeout')).rows
    expect(await shown(700)).toEqual([{ lock_timeout: '700ms' }])
    expect(await shown(0)).toEqual([{ lock_timeout: '0' }])
  })
})
