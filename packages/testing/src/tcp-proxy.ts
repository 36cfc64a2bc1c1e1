import { once } from 'node:events'
import net, { type AddressInfo, type Socket } from 'node:net'
import { Transform } from 'node:stream'

/** A proxy in front of a TCP server that misbehaves on command, on the wire, as networks and servers do. */
export interface TcpProxy extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** Connections accepted since the start. */
  readonly accepted: number
  /** Connections open now. */
  readonly open: number
  /** The same URL with the proxy's host and port. */
  url(target: string): string
  /** Back to normal: listens, and everything that was held back is forwarded. */
  pass(): Promise<void>
  /** Stops listening: new connections are refused (ECONNREFUSED). Open ones stay open. */
  refuse(): Promise<void>
  /**
   * Accepts new connections and resets each immediately, before any data: like a load balancer without a server behind
   * it.
   */
  cutEach(): void
  /**
   * Nothing gets through in either direction and nothing is closed: as with an unplugged cable or a dead host. New
   * connections are accepted.
   */
  blackHole(): void
  /** Holds every chunk back for `ms` milliseconds, in both directions. */
  delay(ms: number): void
  /** Resets every open connection (ECONNRESET). */
  resetAll(): void
  /**
   * Resets one connection at the next chunk from a client that contains `text`: `before` it reaches the server, or
   * `after` the server has processed it, when its answer is in transit. Calls with the same text accumulate.
   */
  cutAt(text: string, when: 'before' | 'after'): void
  /** Ends the server's side of every open connection (FIN), while the client's data still arrives. */
  halfClose(): void
  /** Resets everything and stops. */
  close(): Promise<void>
}

/** One connection: the client's socket, the server's, and the return direction from server to client. */
interface Pair {
  readonly client: Socket
  readonly upstream: Socket
  readonly answers: Transform
}

/** What happens to a chunk in transit: nothing, a delay, or a delay until the next change. */
interface Weather {
  readonly delayMs: number
  readonly changed: Promise<void>
  readonly change: () => void
}

function weather(delayMs: number): Weather {
  let change = (): void => {}
  const changed = new Promise<void>((resolve) => {
    change = resolve
  })
  return { delayMs, changed, change }
}

/**
 * Starts a proxy on a free port of 127.0.0.1.
 *
 * @param target `host:port` or any URL with a host and a port, such as a database URL.
 */
export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port: targetPort } = new URL(target.includes('://') ? target : `tcp://${target}`)
  const upstreamPort = Number(targetPort || 5432)
  const pairs = new Set<Pair>()
  let accepted = 0
  let cutsEach = false
  let now = weather(0)
  const turn = (next: Weather): void => {
    const before = now
    now = next
    before.change()
  }

  const hold = async (): Promise<void> => {
    for (let seen = now; seen.delayMs > 0; seen = now) {
      const isOver = await Promise.race([pause(seen.delayMs), seen.changed.then(() => false)])
      if (isOver) return
    }
  }
  const cuts: { readonly text: string; readonly when: 'before' | 'after' }[] = []
  const takeCut = (chunk: Buffer): 'before' | 'after' | undefined => {
    const index = cuts.findIndex(({ text }) => chunk.includes(text))
    return index < 0 ? undefined : cuts.splice(index, 1)[0]?.when
  }
  const through = (look: (chunk: Buffer) => void): Transform =>
    new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        look(chunk)
        void hold().then(() => done(null, chunk))
      },
      flush: (done) => void hold().then(() => done()),
    })

  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    accepted += 1
    if (cutsEach) {
      client.on('error', () => {}).resetAndDestroy()
      return
    }
    const upstream = net.connect({ host: hostname, port: upstreamPort, noDelay: true })
    let isToBeCut = false
    const cut = (): void => {
      client.resetAndDestroy()
      upstream.destroy()
    }
    const requests = through((chunk) => {
      const when = takeCut(chunk)
      if (when === 'before') cut()
      isToBeCut ||= when === 'after'
    })
    const answers = through(() => isToBeCut && cut())
    const pair: Pair = { client, upstream, answers }
    pairs.add(pair)
    client.pipe(requests).pipe(upstream)
    upstream.pipe(answers).pipe(client)
    client.on('error', () => upstream.destroy())
    upstream.on('error', () => client.destroy())
    client.on('close', () => {
      upstream.destroy()
      pairs.delete(pair)
    })
    upstream.on('close', () => answers.end())
  })
  const listen = async (port: number): Promise<void> => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  await listen(0)
  const { port } = server.address() as AddressInfo

  const close = async (): Promise<void> => {
    turn(weather(0))
    const closed = server.listening ? once(server, 'close') : undefined
    server.close()
    for (const { client, upstream } of pairs) {
      client.destroy()
      upstream.destroy()
    }
    await closed
  }

  return {
    host: '127.0.0.1',
    port,
    get accepted() {
      return accepted
    },
    get open() {
      return pairs.size
    },
    url(original) {
      const changed = new URL(original)
      changed.hostname = '127.0.0.1'
      changed.port = String(port)
      return changed.toString()
    },
    cutEach() {
      cutsEach = true
    },
    async pass() {
      cutsEach = false
      turn(weather(0))
      if (!server.listening) await listen(port)
    },
    async refuse() {
      turn(weather(0))
      server.close() // its 'close' event waits for open connections, but the port is free immediately
    },
    blackHole: () => turn(weather(Number.POSITIVE_INFINITY)),
    delay: (ms) => turn(weather(ms)),
    resetAll() {
      for (const { client, upstream } of pairs) {
        client.resetAndDestroy()
        upstream.destroy()
      }
    },
    cutAt(text, when) {
      cuts.push({ text, when })
    },
    halfClose() {
      for (const { client, answers } of pairs) {
        answers.unpipe(client).resume()
        client.end()
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Resolves to true after `ms`; never, if that is infinite. */
function pause(ms: number): Promise<true> {
  return new Promise((resolve) => {
    if (ms !== Number.POSITIVE_INFINITY) setTimeout(() => resolve(true), ms).unref()
  })
}
