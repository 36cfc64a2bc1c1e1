import { once } from 'node:events'
import net from 'node:net'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fromRun } from '../src/environment.js'
import { startTcpProxy, type TcpProxy } from '../src/index.js'

let proxy: TcpProxy
let url: string

beforeEach(async () => {
  proxy = await startTcpProxy(fromRun('directDatabaseUrl'))
  url = proxy.url(fromRun('directDatabaseUrl'))
})
afterEach(() => proxy.close())

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 500 })
  client.on('error', () => {})
  await client.connect()
  return client
}

const one = async (client: pg.Client): Promise<unknown> => (await client.query('SELECT 1 AS one')).rows[0]?.one

describe('startTcpProxy', () => {
  it('passes bytes through and counts connections', async () => {
    const first = await connect()
    const second = await connect()
    expect(await one(first)).toBe(1)
    expect([proxy.accepted, proxy.open]).toEqual([2, 2])
    await Promise.all([first.end(), second.end()])
    await expect.poll(() => proxy.open).toBe(0)
    expect(proxy.accepted).toBe(2)
  })

  it('refuses new connections, leaves the open ones, and listens again on the same port', async () => {
    const client = await connect()
    await proxy.refuse()
    await expect(connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    expect(await one(client)).toBe(1)
    await proxy.pass()
    const again = await connect()
    expect(await one(again)).toBe(1)
    await Promise.all([client.end(), again.end()])
  })

  it('swallows everything as a black hole, and delivers it afterwards', async () => {
    const client = await connect()
    proxy.blackHole()
    let isAnswered = false
    const answer = one(client).finally(() => {
      isAnswered = true
    })
    await expect(connect()).rejects.toThrow(/timeout/)
    expect(isAnswered).toBe(false)
    await proxy.pass()
    expect(await answer).toBe(1)
    await client.end()
  })

  it('delays both directions', async () => {
    const client = await connect()
    proxy.delay(60)
    const start = performance.now()
    expect(await one(client)).toBe(1)
    expect(performance.now() - start).toBeGreaterThanOrEqual(118)
    await proxy.pass()
    await client.end()
  })

  it('resets every open connection', async () => {
    const client = await connect()
    const error = once(client, 'error')
    proxy.resetAll()
    expect((await error)[0]).toMatchObject({ code: 'ECONNRESET' })
    await expect.poll(() => proxy.open).toBe(0)
  })

  it('half-closes: the client sees the end, what it still sends arrives', async () => {
    const received: Buffer[] = []
    const server = net.createServer((socket) => socket.on('data', (chunk) => received.push(chunk)))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    await using own = await startTcpProxy(`127.0.0.1:${(server.address() as net.AddressInfo).port}`)
    const client = net.connect({ port: own.port, host: own.host, allowHalfOpen: true })
    client.resume()
    client.write('before ')
    await expect.poll(() => Buffer.concat(received).toString()).toBe('before ')
    const end = once(client, 'end')
    own.halfClose()
    await end
    client.write('after')
    await expect.poll(() => Buffer.concat(received).toString()).toBe('before after')
    client.destroy()
    server.close()
  })

  it('closes twice, and whatever its state', async () => {
    const client = await connect()
    proxy.blackHole()
    await proxy.close()
    await proxy.close()
    await expect(one(client)).rejects.toThrow()
  })

  it.each([
    ['before', 0],
    ['after', 1],
  ] as const)('cuts %s the server has seen a text, once', async (when, rows) => {
    const [client, witness] = await Promise.all([connect(), connect()])
    const table = `cut_${when}`
    await witness.query(`CREATE TABLE ${table} (n int)`)
    proxy.cutAt(`INSERT INTO ${table}`, when)
    await expect(client.query(`INSERT INTO ${table} VALUES (1)`)).rejects.toThrow()
    expect((await witness.query(`SELECT * FROM ${table}`)).rowCount).toBe(rows)
    await witness.query(`INSERT INTO ${table} VALUES (2)`)
    await witness.query(`DROP TABLE ${table}`)
    await witness.end()
  })
})
