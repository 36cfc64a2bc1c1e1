import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Pool, PostgresSettings } from '../../src/index.js'
import { createPool } from '../../src/index.js'
import { failureOf, until, usePoolBench } from '../support.js'

const bench = usePoolBench()

const NAMES = ['connect', 'acquire', 'release', 'remove', 'error'] as const

/** What a pool tells whoever counts its events, as an instrumentation does. */
function counting(pool: Pool) {
  const count = { connect: 0, acquire: 0, release: 0, remove: 0, error: 0 }
  for (const name of NAMES) {
    pool.on(name as 'connect', () => {
      count[name] += 1
    })
  }
  return count
}

function open(changes: Partial<PostgresSettings> = {}): Pool {
  const pool = bench.pool({ maxConnections: 10, ...changes })
  onTestFinished(async () => void (await pool.close(0)))
  return pool
}

describe('the events of a pool, as pg-pool documents them', () => {
  it('are one acquire and one release a lease, and one connect a connection', async () => {
    const pool = open()
    const count = counting(pool)
    const leases = Array.from({ length: 10 }, async () => (await pool.connect()).release())
    await Promise.all([...leases, ...Array.from({ length: 10 }, () => pool.query('SELECT now()'))])
    await until(
      () => pool.stats.connecting,
      (connecting) => connecting === 0,
    )
    expect(count).toEqual({ connect: pool.totalCount, acquire: 20, release: 20, remove: 0, error: 0 })
    await failureOf(pool.query('SELECT 1/0'))
    expect(count).toMatchObject({ acquire: 21, release: 21, remove: 0 })
  })

  it('come from no connection that is opened for the minimum, tested, expired or lost', async () => {
    const pool = open({ minConnections: 2, testBypassMs: 0, maxLifetimeMs: 400 })
    const count = counting(pool)
    await until(
      () => pool.idleCount,
      (idle) => idle === 2,
    )
    await pool.query('SELECT 1') // tested
    await until(
      () => count.remove,
      (removed) => removed >= 2,
    ) // both have outlived their time
    await until(
      () => pool.idleCount,
      (idle) => idle === 2,
    )
    await bench.killBackends()
    await until(
      () => count.error,
      (errors) => errors > 0,
    )
    expect(count).toMatchObject({ acquire: 1, release: 1 })
  })

  it('tell whom a lease is of, before its caller has it, and what it was released with', async () => {
    const pool = open()
    const told: unknown[] = []
    pool.on('acquire', (client) => told.push(['acquire', client, pool.stats.active]))
    pool.on('release', (error, client) => told.push(['release', error, client]))
    const problem = new Error('problem')
    for (const released of [undefined, problem, true, false]) {
      told.length = 0
      const client = await pool.connect()
      expect(told).toEqual([['acquire', client, 1]])
      client.release(released)
      expect(told.at(-1)).toEqual(['release', released, client])
      expect(() => client.release()).toThrow('already been released')
      expect(told).toHaveLength(2)
    }
    await failureOf(pool.query('SELECT 1/0'))
    expect(told.at(-1)).toMatchObject(['release', { code: '22012' }, {}])
  })

  it('count who waits where pg-pool does', async () => {
    const pool = open({ maxConnections: 1 })
    const client = await pool.connect()
    const waiting = pool.connect()
    expect(pool.waitingCount).toBe(1)
    client.release()
    ;(await waiting).release()
    expect([pool.waitingCount, pool.idleCount, pool.totalCount]).toEqual([0, 1, 1])
  })
})

describe("the application's onConnect", () => {
  it('comes out as it is where it throws, to each who needed the connection, and is called for the next', async () => {
    const mine = new Error('of the application')
    let isFailing = true
    const pool = createPool(bench.settings(), {
      onConnect: () => {
        if (isFailing) throw mine
      },
    })
    onTestFinished(async () => void (await pool.close(0)))
    expect(await Promise.all([failureOf(pool.query('SELECT 1')), failureOf(pool.connect())])).toEqual([mine, mine])
    isFailing = false
    // The second connection, opened before, may still fail for who comes now.
    const ask = () => pool.query('SELECT 1 AS one').catch((error: Error) => error)
    await until(ask, (answer) => answer !== mine)
    expect(await ask()).toMatchObject({ rows: [{ one: 1 }] })
  })

  it("comes out as the database's where the database refused what it asked", async () => {
    const pool = createPool(bench.settings(), { onConnect: async (client) => void (await client.query('SELEC 1')) })
    onTestFinished(async () => void (await pool.close(0)))
    expect(await failureOf(pool.query('SELECT 1'))).toMatchObject({ code: 'postgres.invalid_sql' })
  })

  it('may take no longer than opening a connection', async () => {
    const pool = createPool(bench.settings({ connectTimeoutMs: 500, acquireTimeoutMs: 1000 }), {
      onConnect: () => sleep(60_000, undefined, { ref: false }),
    })
    onTestFinished(async () => void (await pool.close(0)))
    expect(await failureOf(pool.connect())).toMatchObject({
      code: 'postgres.pool.acquire_timeout',
      details: { lastConnectFailure: { message: expect.stringContaining('onConnect of the pool did not end') } },
    })
  })
})

describe('options of pg-pool that are not taken', () => {
  it.each(['log', 'maxUses', 'verify', 'allowExitOnIdle', 'pipeline', 'Client', 'max', 'idleTimeoutMillis'])(
    '%s is refused with what there is instead, wherever it is given',
    (name) => {
      const option = { [name]: pg.Client }
      for (const given of [
        () => createPool(bench.settings(), option),
        () => createPool(Object.assign(bench.settings(), option)),
      ])
        expect(given).toThrow(
          expect.objectContaining({ code: 'config.invalid', message: expect.stringContaining(name) }),
        )
    },
  )
})
