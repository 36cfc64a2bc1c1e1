import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { usePoolBench } from '../support.js'

const bench = usePoolBench()

describe('DB_TEST_BYPASS_MS', () => {
  it('tests a connection once it was idle for so long, and not before', async () => {
    const tests = async (testBypassMs: number, idleMs: number): Promise<number> => {
      const pool = bench.pool({ testBypassMs, maxConnections: 1 })
      await pool.query('SELECT 1')
      const client = await pool.connect()
      let asked = 0
      const query = client.query.bind(client)
      client.query = ((...args: Parameters<typeof query>) => {
        asked += 1
        return query(...args)
      }) as typeof client.query
      client.release()
      ;(await pool.connect()).release()
      await delay(idleMs)
      ;(await pool.connect()).release()
      await pool.close()
      return asked
    }
    expect(await tests(0, 0)).toBe(2)
    expect(await tests(500, 600)).toBe(1)
    expect(await tests(60_000, 100)).toBe(0)
  })
})
