import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { freePort, until } from '@miyabi/testing'
import { createClient } from '@redis/client'
import { redisProgram } from './redis-programs.js'

/** What a test asks its server. */
export type Client = ReturnType<typeof createClient>

/** A redis-server of a test's own, which can be killed, stopped and started anew on its port. */
export class RedisServer implements AsyncDisposable {
  readonly port: number
  readonly #args: readonly string[]
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'miyabi-redis-'))
  #child: ChildProcess | undefined
  readonly #clients: Client[] = []

  private constructor(port: number, args: readonly string[]) {
    this.port = port
    this.#args = args
  }

  /** @param args further ones of redis-server. */
  static async start(...args: readonly string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), args)
    await server.up()
    return server
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  async up(): Promise<void> {
    const { command, env } = await redisProgram()
    const own = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--save', '', '--dir', this.#folder]
    this.#child = spawn(command, [...own, ...this.#args], { stdio: 'ignore', env })
    await until(async () => {
      const client = createClient({ url: this.url, socket: { reconnectStrategy: false } }).on('error', () => {})
      try {
        await client.connect()
        client.destroy()
        return true
      } catch {
        return false
      }
    })
  }

  /** One more client, which ends with the server. */
  async client(): Promise<Client> {
    const client = createClient({ url: this.url }) as Client
    client.on('error', () => {})
    await client.connect()
    this.#clients.push(client)
    return client
  }

  /** SIGKILL, and waits for its end; SIGSTOP and SIGCONT do not end it. */
  async signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    const exited = this.#child && once(this.#child, 'exit')
    this.#child?.kill(signal)
    if (signal === 'SIGKILL') await exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) if (client.isOpen) client.destroy()
    if (this.#child?.exitCode === null && this.#child.signalCode === null) await this.signal('SIGKILL')
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
