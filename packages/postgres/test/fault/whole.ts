import { expect } from 'vitest'
import type { Pool, PoolStats } from '../../src/index.js'
import { until } from '../support.js'

/**
 * Fails unless the pool is whole: no connection active or being opened, nobody waits, and all of its slots can be taken at the same
 * time and given back. Leaves it full.
 */
export async function expectWhole(pool: Pool): Promise<PoolStats> {
  await until(
    () => pool.stats,
    ({ active, connecting, waiting }) => active === 0 && connecting === 0 && waiting === 0,
    10_000,
  )
  const { max, min } = pool.stats
  const clients = await Promise.all(Array.from({ length: max }, () => pool.connect()))
  expect(pool.stats).toEqual({ total: max, active: max, idle: 0, connecting: 0, waiting: 0, max, min })
  expect(new Set(clients).size).toBe(max)
  const answers = clients.map((client) => client.query<{ one: number }>('SELECT 1 AS one'))
  for (const { rows } of await Promise.all(answers)) expect(rows).toEqual([{ one: 1 }])
  for (const client of clients) client.release()
  expect(pool.stats).toEqual({ total: max, active: 0, idle: max, connecting: 0, waiting: 0, max, min })
  return pool.stats
}
