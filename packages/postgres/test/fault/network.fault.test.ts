import { setTimeout as delay } from 'node:timers/promises'
import { startTcpProxy, type TcpProxy } from '@miyabi/testing'
import { describe, expect, it } from 'vitest'
import { toPostgresError } from '../../src/errors/map-error.js'
import type { Pool, PostgresSettings } from '../../src/index.js'
import { usePoolBench } from '../support.js'
import { count } from './counts.js'
import { expectNothingEscapes } from './escapes.js'
import { expectWhole } from './whole.js'

const bench = usePoolBench()
expectNothingEscapes()
const ROUNDS = count(1, 10)
const ACQUIRE_MS = 500

/** What the network does; each lasts until it passes again. */
const faults: Readonly<Record<string, (proxy: TcpProxy) => void | Promise<void>>> = {
  'black-holes everything': (proxy) => proxy.blackHole(),
  'resets every connection': (proxy) => proxy.resetAll(),
  'resets every connection and refuses new ones': async (proxy) => {
    await proxy.refuse()
    proxy.resetAll()
  },
  'resets every connection, old and new': (proxy) => {
    proxy.cutEach()
    proxy.resetAll()
  },
  'delays every packet': (proxy) => proxy.delay(100),
  'half-closes every connection': (proxy) => proxy.halfClose(),
}

/** What a caller is at when it does. */
const moments: Readonly<Record<string, (pool: Pool) => Promise<unknown>>> = {
  nothing: async () => {},
  'a statement': (pool) => pool.query("SELECT pg_sleep(0.2), 'done'"),
  'a transaction': async (pool) => {
    const client = await pool.connect()
    let failure: unknown
    try {
      await client.query('BEGIN')
      await client.query('SELECT pg_sleep(0.2)')
      await client.query('COMMIT')
    } catch (error) {
      failure = error
      throw error
    } finally {
      client.release(failure as Error | undefined)
    }
  },
  'opening connections': (pool) => Promise.all(Array.from({ length: 12 }, () => pool.query('SELECT pg_sleep(0.05)'))),
}

const KNOWN = /^postgres\.(connection_lost|unreachable|connect_timeout|pool\.acquire_timeout)$/

const through = (proxy: TcpProxy, changes: Partial<PostgresSettings> = {}): Pool =>
  bench.pool({
    databaseUrl: proxy.url(bench.settings().databaseUrl),
    maxConnections: 6,
    acquireTimeoutMs: ACQUIRE_MS,
    connectTimeoutMs: 700,
    testBypassMs: 0,
    ...changes,
  })

describe.each(Object.keys(faults))('a network that %s', (fault) => {
  it.concurrent.each(Object.keys(moments))(`during %s costs that and no more, ${ROUNDS} times`, async (name) => {
    await using proxy = await startTcpProxy(bench.settings().databaseUrl)
    const pool = through(proxy)
    const before = await expectWhole(pool)
    for (let n = 0; n < ROUNDS; n += 1) {
      const own = name === 'opening connections' ? through(proxy) : pool
      const working = moments[name]?.(own).catch((error) => error) ?? Promise.resolve()
      await delay(10 + Math.random() * 40)
      await faults[fault]?.(proxy)
      const start = performance.now()
      const meanwhile = await own.query('SELECT 1').catch((error) => error)
      // Bound by the acquire timeout; how exactly is the subject of a test of its own.
      if (meanwhile instanceof Error) {
        expect(toPostgresError(meanwhile).code).toMatch(KNOWN)
        expect(performance.now() - start).toBeLessThan(ACQUIRE_MS + 30_000)
      }
      await proxy.pass()
      proxy.resetAll()
      const outcome = await working
      if (outcome instanceof Error) expect(toPostgresError(outcome).code).toMatch(KNOWN)
      await delay(50)
      expect(await expectWhole(own)).toEqual(before)
      if (own !== pool) expect(await own.close()).toEqual({ drained: true, destroyed: 0 })
    }
    expect(await pool.close()).toEqual({ drained: true, destroyed: 0 })
  })
})
