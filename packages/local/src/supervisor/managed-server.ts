import type { ChildProcess } from 'node:child_process'
import { Failure } from '../shared/failure.js'
import type { SupervisorEvent } from '../shared/protocol.js'
import { freePort, probePort } from './ports.js'
import { delay } from './wait.js'

/** A running server. */
export interface Launched {
  readonly child: ChildProcess
  /** Stops it cleanly, or by force if it does not respond. Resolves once the process is gone. */
  stop(): Promise<void>
}

export interface ServerKind {
  /** `postgres`, `dynamodb`, `replica 1`. */
  readonly name: string
  /** The loopback address that it listens on. */
  readonly host: string
  /**
   * Starts the server on a port and resolves when it answers. Rejects with `local.port.taken` if the port was taken in
   * the meantime.
   */
  launch(port: number): Promise<Launched>
}

export type Announce = (event: Omit<SupervisorEvent, 'type'>) => void

const PORT_ATTEMPTS = 5
const BACKOFF = { firstMs: 50, maxMs: 5_000 }
/** A server that ran for this long may be restarted quickly again. */
const STABLE_MS = 30_000

/** One server of the stack: started on a free port, restarted on the same port whenever it ends unexpectedly. */
export class ManagedServer {
  #running: Launched | undefined
  #port = 0
  #stopping = false
  #restarting: Promise<void> = Promise.resolve()

  constructor(
    private readonly kind: ServerKind,
    private readonly announce: Announce,
    /** Called when the server runs in another process. */
    private readonly onRestart: () => void,
  ) {}

  get name(): string {
    return this.kind.name
  }

  get port(): number {
    return this.#port
  }

  get pid(): number | undefined {
    return this.#running?.child.pid
  }

  /** Starts on `preferred` if that is free, else on another port. */
  async start(preferred: number | undefined): Promise<void> {
    const { name } = this.kind
    let port = preferred && (await probePort(preferred, this.kind.host))
    if (preferred && !port) this.#announceTaken(preferred)
    for (let attempt = 1; ; attempt++) {
      port ??= await freePort(this.kind.host)
      try {
        await this.#launch(port)
        return
      } catch (error) {
        if (!(error instanceof Failure && error.code === 'local.port.taken') || attempt === PORT_ATTEMPTS) throw error
        this.#announceTaken(port)
        port = undefined
      }
      if (this.#stopping) throw new Error(`${name} was stopped while starting`)
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await this.#running?.stop()
    await this.#restarting
    await this.#running?.stop() // a restart that was in progress when this was called
  }

  async #launch(port: number): Promise<void> {
    this.#port = port
    const launched = await this.kind.launch(port)
    this.#running = launched
    const startedAt = Date.now()
    const onExit = (): void => {
      this.#running = undefined
      if (!this.#stopping) this.#restarting = this.#restart(launched.child, Date.now() - startedAt > STABLE_MS)
    }
    if (launched.child.exitCode !== null || launched.child.signalCode !== null) onExit()
    else launched.child.once('exit', onExit)
  }

  #retries = 0

  async #restart(ended: ChildProcess, wasStable: boolean): Promise<void> {
    const { name } = this.kind
    const facts = { server: name, port: this.#port, exit: ended.signalCode ?? ended.exitCode ?? 'unknown' }
    this.announce({ level: 'warn', fields: facts, message: `${name} ended unexpectedly and is being restarted` })
    if (wasStable) this.#retries = 0
    while (!this.#stopping) {
      await delay(Math.min(BACKOFF.maxMs, BACKOFF.firstMs * 2 ** this.#retries++))
      if (this.#stopping) return
      try {
        await this.#launch(this.#port)
        this.onRestart()
        this.announce({
          level: 'info',
          fields: { server: name, port: this.#port },
          message: `${name} is back on its port`,
        })
        return
      } catch (error) {
        const { message } = error as Error
        this.announce({
          level: 'error',
          fields: { server: name, port: this.#port },
          message: `${name} cannot start: ${message}`,
        })
      }
    }
  }

  #announceTaken(port: number): void {
    const fields = { server: this.kind.name, port, code: 'local.port.taken' }
    this.announce({ level: 'warn', fields, message: `port ${port} is taken: ${this.kind.name} uses another` })
  }
}
