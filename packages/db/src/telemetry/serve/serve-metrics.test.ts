import { once } from 'node:events'
import { createServer, request } from 'node:http'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Database } from '../../context/context.js'
import type { Telemetry } from '../observe.js'
import { answerer } from './answerer.js'
import { type MetricsServer, serveMetrics } from './serve-metrics.js'

/** Telemetry of a database that is as a test says. */
function telemetryOf(state: { ready?: boolean; live?: boolean; text?: () => Promise<string> } = {}) {
  const asked = { metrics: 0, ready: 0, disposed: 0 }
  const database = {
    live: () => state.live ?? true,
    ready: async () => {
      asked.ready += 1
      return { ready: state.ready ?? true, latencyMs: 1, reasons: ['postgres: db.internal:5432 refuses'] }
    },
  } as unknown as Database
  const telemetry = {
    database,
    prometheus: () => {
      asked.metrics += 1
      return state.text?.() ?? Promise.resolve('# TYPE a gauge\na 1\n')
    },
    [Symbol.dispose]: () => {
      asked.disposed += 1
    },
  } as unknown as Telemetry
  return { telemetry, asked }
}

const served = (telemetry: Telemetry): Promise<MetricsServer> => serveMetrics(telemetry, { port: 0 })

describe('serveMetrics()', () => {
  it('answers Prometheus and the probes on the loopback address, and says where', async () => {
    const { telemetry } = telemetryOf()
    await using server = await served(telemetry)
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    const metrics = await fetch(`${server.url}/metrics?debug`)
    expect([metrics.status, metrics.headers.get('content-type'), await metrics.text()]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
      '# TYPE a gauge\na 1\n',
    ])
    for (const path of ['/livez', '/readyz']) {
      const probe = await fetch(server.url + path)
      expect([probe.status, await probe.text(), probe.headers.get('cache-control')]).toEqual([200, 'ok', 'no-store'])
    }
    const head = await fetch(`${server.url}/metrics`, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '19', ''])
  })

  it('says no to a probe, and not why: a stranger may ask', async () => {
    await using server = await served(telemetryOf({ ready: false, live: false }).telemetry)
    for (const path of ['/livez', '/readyz']) {
      const probe = await fetch(server.url + path)
      expect([probe.status, await probe.text()]).toEqual([503, 'no'])
    }
  })

  it('has nothing else', async () => {
    await using server = await served(telemetryOf().telemetry)
    for (const path of ['/', '/metrics/', '/metric', '/__proto__', '//metrics', '/..%2fmetrics']) {
      expect((await fetch(server.url + path)).status, path).toBe(404)
    }
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const { status, headers } = await fetch(`${server.url}/metrics`, { method })
      expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    }
  })

  it('refuses a web page that reaches this machine under a name of its own', async () => {
    await using server = await served(telemetryOf().telemetry)
    const { port } = new URL(server.url)
    const asked = async (host: string): Promise<number | undefined> => {
      const sent = request({ port, host: '127.0.0.1', path: '/metrics', headers: { host }, agent: false }).end()
      const [response] = await once(sent, 'response')
      response.resume()
      return response.statusCode
    }
    expect(await asked(`evil.example:${port}`)).toBe(421)
    expect(await asked('127.0.0.1.evil.example')).toBe(421)
    for (const host of [`localhost:${port}`, '127.0.0.1', `[::1]:${port}`]) expect(await asked(host)).toBe(200)
  })

  it('asks once for many who ask at the same time', async () => {
    const { telemetry, asked } = telemetryOf({ text: () => sleep(50).then(() => 'a 1\n') })
    await using server = await served(telemetry)
    const all = Array.from({ length: 20 }, (_, i) => fetch(`${server.url}${i % 2 ? '/metrics' : '/readyz'}`))
    for (const answer of await Promise.all(all)) expect(await answer.text()).toMatch(/^(a 1\n|ok)$/)
    expect(asked.metrics + asked.ready).toBeLessThan(20)
  })

  it('answers 500 where the metrics cannot be read, and goes on', async () => {
    let isBroken = true
    const text = async (): Promise<string> => {
      if (isBroken) throw new Error('secret')
      return 'a 1\n'
    }
    await using server = await served(telemetryOf({ text }).telemetry)
    const broken = await fetch(`${server.url}/metrics`)
    expect([broken.status, await broken.text()]).toEqual([500, 'failed'])
    isBroken = false
    expect((await fetch(`${server.url}/metrics`)).status).toBe(200)
  })

  it('leaves telemetry that it was given, and closes while connections are open', async () => {
    const { telemetry, asked } = telemetryOf()
    const server = await served(telemetry)
    const { port } = new URL(server.url)
    const idle = net.connect(Number(port), '127.0.0.1')
    await once(idle, 'connect')
    const [, , ended] = await Promise.all([server.close(), server.close(), once(idle, 'close')])
    expect(ended).toBeDefined()
    expect(asked.disposed).toBe(0)
    await expect(fetch(`${server.url}/livez`)).rejects.toThrow()
  })

  it('tells where it cannot listen, and what to do', async () => {
    const { telemetry } = telemetryOf()
    await using server = await served(telemetry)
    const port = Number(new URL(server.url).port)
    await expect(serveMetrics(telemetry, { port })).rejects.toMatchObject({
      code: 'telemetry.address_in_use',
      message: expect.stringContaining(`port ${port} of 127.0.0.1`),
      remedy: expect.stringContaining('another port'),
      details: { host: '127.0.0.1', port, system: 'EADDRINUSE' },
    })
    await expect(serveMetrics(telemetry, { port: 0, host: '192.0.2.1' })).rejects.toMatchObject({
      code: 'telemetry.cannot_listen',
      details: { system: 'EADDRNOTAVAIL' },
    })
  })

  it.each([{ port: -1 }, { port: 65_536 }, { port: 1.5 }, { port: Number.NaN }, { host: '' }, { host: 'a b' }])(
    'refuses %j',
    async (options) => {
      await expect(serveMetrics(telemetryOf().telemetry, options)).rejects.toMatchObject({
        code: 'telemetry.invalid_options',
      })
    },
  )
})

describe('a client that does not read', () => {
  it('holds its connection no longer than an answer may take', async () => {
    const { telemetry } = telemetryOf({ text: async () => 'x'.repeat(50_000_000) })
    await using server = createServer(answerer(telemetry, { isLoopback: true, limitMs: 100 })).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as net.AddressInfo
    const deaf = net.connect(port, '127.0.0.1', () => deaf.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n'))
    const [socket] = await once(server, 'connection')
    await once(socket, 'close')
    deaf.destroy()
  })
})
