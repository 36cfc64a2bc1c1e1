import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { until, usePoolBench } from '../support.js'

const bench = usePoolBench()

describe('DB_IDLE_TIMEOUT', () => {
  it('closes a connection that was unused for so long', async () => {
    const pool = bench.pool({ idleTimeoutMs: 150, applicationName: 'idle-closed' })
    await pool.query('SELECT 1')
    expect(pool.stats.idle).toBe(1)
    await until(
      () => bench.backends('idle-closed'),
      (pids) => pids.length === 0,
    )
    expect(pool.stats.total).toBe(0)
  })

  it('starts anew with every use', async () => {
    const pool = bench.pool({ idleTimeoutMs: 1000, applicationName: 'idle-used' })
    await pool.query('SELECT 1')
    const [before] = await bench.backends('idle-used')
    for (let n = 0; n < 5; n += 1) {
      await delay(250)
      await pool.query('SELECT 1')
    }
    expect(await bench.backends('idle-used')).toEqual([before])
  })

  it('never touches a connection in use', async () => {
    const pool = bench.pool({ idleTimeoutMs: 50 })
    const client = await pool.connect()
    await delay(200)
    await expect(client.query('SELECT 1')).resolves.toBeDefined()
    client.release()
  })

  it('of 0 closes none', async () => {
    const pool = bench.pool({ idleTimeoutMs: 0 })
    await pool.query('SELECT 1')
    await delay(200)
    expect(pool.stats.idle).toBe(1)
  })
})
