import { describe, expect, it } from 'vitest'
import { until, usePoolBench } from '../support.js'

const bench = usePoolBench()

describe('DB_MAX_CONNECTIONS', () => {
  it('is never exceeded, whatever the number of callers', async () => {
    const pool = bench.pool({ maxConnections: 5, applicationName: 'max-storm' })
    let most = 0
    pool.on('connect', () => {
      most = Math.max(most, pool.stats.total)
    })
    const answers = Array.from({ length: 200 }, (_, n) => pool.query<{ n: number }>('SELECT $1::int AS n', [n]))
    const rows = await Promise.all(answers)
    expect(rows.map((result) => result.rows[0]?.n)).toEqual(Array.from({ length: 200 }, (_, n) => n))
    expect(most).toBe(5)
    expect((await bench.backends('max-storm')).length).toBeLessThanOrEqual(5)
    expect(pool.stats).toEqual({ total: 5, active: 0, idle: 5, connecting: 0, waiting: 0, max: 5, min: 0 })
  })

  it('makes callers wait, first come first served', async () => {
    const pool = bench.pool({ maxConnections: 1 })
    const first = await pool.connect()
    const order: number[] = []
    const waiting = [1, 2, 3].map(async (n) => {
      const client = await pool.connect()
      order.push(n)
      client.release()
    })
    await until(
      () => pool.stats,
      (stats) => stats.waiting === 3,
    )
    expect(pool.stats).toEqual({ total: 1, active: 1, idle: 0, connecting: 0, waiting: 3, max: 1, min: 0 })
    first.release()
    await Promise.all(waiting)
    expect(order).toEqual([1, 2, 3])
  })

  it('opens a connection only when one is needed', async () => {
    const pool = bench.pool({ maxConnections: 5, applicationName: 'max-lazy' })
    expect(await bench.backends('max-lazy')).toHaveLength(0)
    for (let n = 0; n < 10; n += 1) await pool.query('SELECT 1')
    expect(await bench.backends('max-lazy')).toHaveLength(1)
  })
})
