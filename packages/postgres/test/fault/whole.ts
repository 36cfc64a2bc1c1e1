import type pg from 'pg'
import { expect } from 'vitest'
import type { Pool, PoolStats } from '../../src/index.js'
import { until } from '../support.js'

/**
 * How soon a pool is whole again at the latest. Longer than any target: this is about whether it is, on a machine that
 * is busy.
 */
const WHOLE_WITHIN_MS = 15_000

/**
 * Fails unless the pool becomes whole: no connection active or being opened, nobody waits, and all of its slots can be
 * taken at the same time, used, and given back. Leaves it full.
 */
export async function expectWhole(pool: Pool): Promise<PoolStats> {
  await until(
    () => pool.stats,
    ({ active, connecting, waiting }) => active === 0 && connecting === 0 && waiting === 0,
    WHOLE_WITHIN_MS,
  )
  const { max, min } = pool.stats
  const clients = await until(
    () => takeAll(pool),
    (taken) => taken.length === max,
    WHOLE_WITHIN_MS,
  )
  expect(pool.stats).toEqual({ total: max, active: max, idle: 0, connecting: 0, waiting: 0, max, min })
  expect(new Set(clients).size).toBe(max)
  const answers = clients.map((client) => client.query<{ one: number }>('SELECT 1 AS one'))
  for (const { rows } of await Promise.all(answers)) expect(rows).toEqual([{ one: 1 }])
  for (const client of clients) client.release()
  expect(pool.stats).toEqual({ total: max, active: 0, idle: max, connecting: 0, waiting: 0, max, min })
  return pool.stats
}

/** All connections at the same time; none where one is not to be had within the acquire timeout. */
async function takeAll(pool: Pool): Promise<pg.PoolClient[]> {
  const taken = await Promise.allSettled(Array.from({ length: pool.stats.max }, () => pool.connect()))
  const clients = taken.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  if (clients.length === taken.length) return clients
  for (const client of clients) client.release()
  return []
}
