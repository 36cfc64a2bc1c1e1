import { randomBytes, timingSafeEqual } from 'node:crypto'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { type Reply, type Request, readLines, sendLine } from '../shared/protocol.js'
import { HOST } from './ports.js'

/** A connected acquirer that has presented the token. */
export interface Client {
  send(reply: Reply): void
  /** Sends a last message and closes. */
  finish(reply: Reply): void
}

export interface ControlHandlers {
  onRequest(client: Client, request: Request): void
  /** The other side has disconnected, for any reason. */
  onGone(client: Client): void
}

/** How long a connection may stay open without presenting the token. */
const TOKEN_MS = 5_000

function sameToken(given: unknown, token: string): boolean {
  if (typeof given !== 'string' || given.length !== token.length) return false
  return timingSafeEqual(Buffer.from(given), Buffer.from(token))
}

/**
 * The supervisor's side of the control connections. Loopback TCP rather than a Unix socket: the same on every system,
 * and no limit on the length of a path. Only processes that can read the owner's private file know the token.
 */
export class ControlServer {
  readonly token = randomBytes(24).toString('hex')
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  constructor(handlers: ControlHandlers) {
    this.#server = createServer((socket) => this.#serve(socket, handlers))
  }

  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ port: 0, host: HOST }, () => resolve((this.#server.address() as AddressInfo).port))
    })
  }

  /** Accepts no new connections, and resolves when the open ones have received their last message. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
      for (const socket of this.#sockets) socket.end()
      setTimeout(() => {
        for (const socket of this.#sockets) socket.destroy()
      }, 1_000).unref()
    })
  }

  #serve(socket: Socket, handlers: ControlHandlers): void {
    this.#sockets.add(socket)
    const client: Client = {
      send: (reply) => sendLine(socket, reply),
      finish: (reply) => {
        sendLine(socket, reply)
        socket.end()
      },
    }
    let known = false
    const timer = setTimeout(() => socket.destroy(), TOKEN_MS)
    readLines(socket, (value) => {
      if (known) return handlers.onRequest(client, value as Request)
      clearTimeout(timer)
      known = sameToken(value, this.token)
      if (!known) socket.destroy()
    })
    socket.on('error', () => {}) // 'close' follows
    socket.once('end', () => socket.end())
    socket.once('close', () => {
      clearTimeout(timer)
      this.#sockets.delete(socket)
      if (known) handlers.onGone(client)
    })
  }
}
