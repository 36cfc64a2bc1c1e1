import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Certificate } from './certificates.js'
import { freePort } from './free-port.js'
import { redisProgram } from './redis-program.js'
import { until } from './sql.js'

/** How a server is started. */
export interface RedisServerOptions {
  /** Further arguments of redis-server. */
  readonly args?: readonly string[]
  /** Speaks TLS alone, with this certificate. */
  readonly certificate?: Certificate
}

/** A redis-server of a test's own, which can be killed, stopped and restarted on its port. */
export class RedisServer implements AsyncDisposable {
  readonly port: number
  /** Without a login; `rediss:` where the server speaks TLS. Its host is `localhost` there, else `127.0.0.1`. */
  readonly url: string
  readonly #args: readonly string[]
  readonly #folder: string
  #child: ChildProcess | undefined

  private constructor(port: number, folder: string, { args = [], certificate }: RedisServerOptions) {
    this.port = port
    this.#folder = folder
    this.url = certificate ? `rediss://localhost:${port}` : `redis://127.0.0.1:${port}`
    this.#args = [...(certificate ? this.#tlsArgs(certificate) : ['--port', `${port}`]), ...args]
  }

  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const folder = mkdtempSync(path.join(tmpdir(), 'miyabi-redis-'))
    const server = new RedisServer(await freePort(), folder, options)
    await server.up()
    return server
  }

  /** Starts the server again after it was killed. Resolves once it takes connections. */
  async up(): Promise<void> {
    const { command, env } = await redisProgram()
    const own = ['--bind', '127.0.0.1', '--save', '', '--dir', this.#folder]
    this.#child = spawn(command, [...own, ...this.#args], { stdio: 'ignore', env })
    await until(() => this.#takesConnections())
  }

  /** SIGKILL, and waits for its end; SIGSTOP and SIGCONT do not end it. */
  async signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    const exited = this.#child && once(this.#child, 'exit')
    this.#child?.kill(signal)
    if (signal === 'SIGKILL') await exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child?.exitCode === null && this.#child.signalCode === null) await this.signal('SIGKILL')
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #takesConnections(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect({ port: this.port, host: '127.0.0.1' })
      const end = (isUp: boolean): void => {
        socket.destroy()
        resolve(isUp)
      }
      socket.once('connect', () => end(true)).once('error', () => end(false))
    })
  }

  #tlsArgs({ cert, key }: Certificate): readonly string[] {
    const file = (name: string, text: string): string => {
      writeFileSync(path.join(this.#folder, name), text, { mode: 0o600 })
      return path.join(this.#folder, name)
    }
    const files = ['--tls-cert-file', file('server.crt', cert), '--tls-key-file', file('server.key', key)]
    return ['--port', '0', '--tls-port', `${this.port}`, ...files, '--tls-auth-clients', 'no']
  }
}
