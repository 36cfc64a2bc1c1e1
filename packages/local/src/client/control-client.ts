import { createConnection, type Socket } from 'node:net'
import type { Owner } from '../shared/owner-file.js'
import { type Reply, type Request, readLines, sendLine } from '../shared/protocol.js'

/** Our side of a control connection. It never keeps the process alive. */
export class ControlClient {
  readonly #socket: Socket
  readonly #replies: Reply[] = []
  #wake: (() => void) | undefined
  #ended = false
  /** Resolves when the connection is closed by either side. */
  readonly closed: Promise<void>

  constructor(owner: Owner) {
    this.#socket = createConnection({ host: '127.0.0.1', port: owner.port })
    this.#socket.unref()
    this.#socket.on('error', () => {}) // 'close' follows
    readLines(this.#socket, (value) => {
      this.#replies.push(value as Reply)
      this.#wake?.()
    })
    this.closed = new Promise((resolve) => {
      this.#socket.once('close', () => {
        this.#ended = true
        this.#wake?.()
        resolve()
      })
    })
    sendLine(this.#socket, owner.token)
  }

  send(request: Request): void {
    sendLine(this.#socket, request)
  }

  /** The supervisor's next message, or undefined when the connection is closed. */
  async next(): Promise<Reply | undefined> {
    while (this.#replies.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.#replies.shift()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** While a start or a close is awaited, the process must stay alive for the answer. */
  ref(): void {
    this.#socket.ref()
  }

  unref(): void {
    this.#socket.unref()
  }
}
