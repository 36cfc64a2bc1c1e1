import { describe, expect, it } from 'vitest'
import { usePoolBench } from '../support.js'

const bench = usePoolBench()

describe('DB_APPLICATION_NAME', () => {
  it('is the name that the server knows the sessions by, also where it would be SQL', async () => {
    for (const applicationName of ['invoices', `o'clock "x"; -- \\`]) {
      const pool = bench.pool({ applicationName })
      await pool.query('SELECT 1')
      expect(await bench.backends(applicationName)).toHaveLength(1)
    }
  })
})
