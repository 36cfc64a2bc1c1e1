import { describe, expect, it } from 'vitest'
import { failureOf, until, usePoolBench } from '../support.js'

const bench = usePoolBench()

describe('DB_IDLE_IN_TRANSACTION_TIMEOUT', () => {
  it('makes the server end a session that leaves a transaction open, and the next user gets another', async () => {
    const pool = bench.pool({ idleInTransactionTimeoutMs: 150, maxConnections: 1, applicationName: 'forgotten' })
    const client = await pool.connect()
    await client.query('BEGIN')
    await until(
      () => bench.backends('forgotten'),
      (pids) => pids.length === 0,
    )
    expect(await failureOf(client.query('SELECT 1'))).toBeInstanceOf(Error)
    client.release()
    await expect(pool.query('SELECT 1')).resolves.toBeDefined()
  })

  it('is in the session, and 0 is none', async () => {
    const shown = async (idleInTransactionTimeoutMs: number) =>
      (await bench.pool({ idleInTransactionTimeoutMs }).query('SHOW idle_in_transaction_session_timeout')).rows
    expect(await shown(2500)).toEqual([{ idle_in_transaction_session_timeout: '2500ms' }])
    expect(await shown(0)).toEqual([{ idle_in_transaction_session_timeout: '0' }])
  })
})
