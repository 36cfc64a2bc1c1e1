import { describe, expect, it } from 'vitest'
import type { Pool } from '../../src/index.js'
import { failureOf, until, usePoolBench } from '../support.js'

const bench = usePoolBench()

describe('a session', () => {
  it('is in UTC, although the database says otherwise', async () => {
    await bench.admin(
      `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''Asia/Tokyo''', current_database()); END $$`,
    )
    const pool = bench.pool()
    expect((await pool.query<{ TimeZone: string }>('SHOW timezone')).rows).toEqual([{ TimeZone: 'UTC' }])
  })

  it('resolves names in the schema of the URL', async () => {
    const url = `${bench.settings().databaseUrl}?schema=pg_catalog`
    const pool = bench.pool({ databaseUrl: url })
    expect((await pool.query('SELECT current_schema() AS name')).rows).toEqual([{ name: 'pg_catalog' }])
  })
})

describe('a released connection', () => {
  it('is not handed out inside the open transaction that its user left: that ends at once', async () => {
    const pool = bench.pool({ maxConnections: 1, applicationName: 'dirty' })
    const client = await pool.connect()
    await client.query('BEGIN')
    await client.query('SELECT 1')
    const [before] = await bench.backends('dirty')
    client.release()
    await until(
      () => bench.backends('dirty'),
      (pids) => !pids.includes(before ?? 0),
    )
    const { rows } = await pool.query<{ own: boolean }>('SELECT now() = statement_timestamp() AS own')
    expect(rows).toEqual([{ own: true }])
  })

  it.each([
    ['a failed statement', async (pool: Pool) => void failureOf(pool.query('BEGIN; SELECT 1/0'))],
    [
      'one that was not waited for',
      async (pool: Pool) => {
        const client = await pool.connect()
        void client.query('BEGIN')
        client.release()
      },
    ],
  ])('is not handed out inside a transaction of which the server has not told yet: after %s', async (_what, leave) => {
    for (const testBeforeAcquire of [true, false]) {
      const pool = bench.pool({ maxConnections: 1, testBeforeAcquire })
      await pool.query('SELECT 1')
      await leave(pool)
      const next = await pool.connect()
      const { rows } = await next.query<{ own: boolean }>('SELECT now() = statement_timestamp() AS own')
      expect(rows).toEqual([{ own: true }])
      await next.query('CREATE TEMPORARY TABLE kept ()')
      expect((next as unknown as { getTransactionStatus(): string }).getTransactionStatus()).toBe('I')
      next.release()
    }
  })

  it('is not handed out in another time zone', async () => {
    const pool = bench.pool({ maxConnections: 1 })
    const client = await pool.connect()
    await client.query("SET timezone = 'Asia/Tokyo'")
    client.release()
    expect((await pool.query('SHOW timezone')).rows).toEqual([{ TimeZone: 'UTC' }])
  })

  it('lives on after a failed statement', async () => {
    const pool = bench.pool({ maxConnections: 1, applicationName: 'after-error' })
    await pool.query('SELECT 1')
    const before = await bench.backends('after-error')
    for (const sql of ['SELECT 1/0', 'SELECT nonsense', 'SELEC 1', "SELECT 'x'::uuid"]) await failureOf(pool.query(sql))
    expect(await bench.backends('after-error')).toEqual(before)
  })

  it('released twice says so, and is counted once', async () => {
    const pool = bench.pool({ maxConnections: 1 })
    const client = await pool.connect()
    client.release()
    expect(() => client.release()).toThrow('already been released')
    await Promise.all([pool.query('SELECT 1'), pool.query('SELECT 1')])
    expect(pool.stats).toMatchObject({ total: 1, active: 0, idle: 1, waiting: 0 })
  })
})
