import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { startTcpProxy } from '@miyabi/testing'
import { describe, expect, it } from 'vitest'
import { toPostgresError } from '../../src/errors/map-error.js'
import { createPool } from '../../src/index.js'
import { failureOf, usePoolBench } from '../support.js'

const bench = usePoolBench()

describe('DB_TEST_BEFORE_ACQUIRE', () => {
  it('never hands out a connection that died while it was idle, even where nobody told this end', async () => {
    await using proxy = await startTcpProxy(bench.settings().databaseUrl)
    const databaseUrl = proxy.url(bench.settings().databaseUrl)
    const pool = bench.pool({ databaseUrl, testBypassMs: 0, acquireTimeoutMs: 6000 })
    const clients = await Promise.all(Array.from({ length: 3 }, () => pool.connect()))
    for (const client of clients) client.release()
    // What a firewall does that forgot a connection: nothing is closed, nothing comes through.
    const before = proxy.accepted
    proxy.blackHole()
    const answer = pool.query<{ one: number }>('SELECT 1 AS one')
    await delay(300)
    proxy.resetAll()
    await proxy.pass()
    expect((await answer).rows).toEqual([{ one: 1 }])
    expect(proxy.accepted).toBeGreaterThan(before)
    await pool.close()
  })

  it('does not test the others one by one when a connection does not answer at all', async () => {
    await using server = await startForgetfulProxy(bench.settings().databaseUrl)
    const databaseUrl = server.url
    const pool = bench.pool({ databaseUrl, testBypassMs: 0, acquireTimeoutMs: 6000 })
    const clients = await Promise.all(Array.from({ length: 8 }, () => pool.connect()))
    for (const client of clients) client.release()
    server.forget()
    await expect(pool.query('SELECT 1')).resolves.toBeDefined() // a test takes 1000 ms to give up, and eight more than it may wait
    await pool.close()
  })

  it('turned off, hands the dead connection to its caller', async () => {
    await using proxy = await startTcpProxy(bench.settings().databaseUrl)
    const databaseUrl = proxy.url(bench.settings().databaseUrl)
    const pool = createPool(bench.settings({ databaseUrl, testBeforeAcquire: false, testBypassMs: 0 }))
    await pool.query('SELECT 1')
    proxy.blackHole()
    const query = failureOf(pool.query('SELECT 1'))
    await delay(100)
    proxy.resetAll()
    expect(toPostgresError(await query)).toMatchObject({ code: 'postgres.connection_lost' })
    await pool.close(0)
  })
})

/** A firewall: `forget` makes it drop every packet of the connections that are open, while new ones pass. */
async function startForgetfulProxy(databaseUrl: string) {
  const { hostname, port } = new URL(databaseUrl)
  const known = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    for (const socket of [client, upstream]) {
      known.add(socket)
      socket.on('error', () => {}).on('close', () => known.delete(socket))
    }
    client.pipe(upstream).pipe(client)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = new URL(databaseUrl)
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.toString(),
    forget(): void {
      for (const socket of known) socket.unpipe().pause()
    },
    async [Symbol.asyncDispose](): Promise<void> {
      for (const socket of known) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
