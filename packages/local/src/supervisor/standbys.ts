import type { StackReplica } from '@miyabi/core'
import type { LogFile } from './log-file.js'
import { type Announce, ManagedServer } from './managed-server.js'
import { HOST } from './ports.js'
import type { PostgresBinaries } from './postgres/binaries.js'
import { launchPostgres } from './postgres/launch.js'
import type { ReplicationLogin } from './postgres/roles.js'
import { isKept, makeStandby, removeStandby } from './postgres/standby.js'
import type { RunAs } from './run-as.js'

/** The server that standbys are created from, and how they run. */
export interface StandbysOptions {
  readonly primary: ReplicationLogin
  readonly dataDir: string
  readonly binaries: PostgresBinaries
  readonly runAs: RunAs | undefined
  readonly durable: boolean
  /** Returns the URLs of the logins at a port. */
  readonly urls: (port: number) => Pick<StackReplica, 'databaseUrl' | 'serviceDatabaseUrl'>
  readonly openLog: (name: string) => LogFile
  readonly announce: Announce
  readonly onRestart: () => void
}

/** Interval between checks on the primary whether standbys can still follow it, in milliseconds. */
const CHECK_MS = 5_000

interface Standby {
  /** From 1. */
  readonly number: number
  readonly server: ManagedServer
  readonly log: LogFile
}

/**
 * The standbys of a stack: as many as requested, each with new data, and removed with the stack. A standby that can no
 * longer follow its primary is rebuilt on its port.
 */
export class Standbys {
  readonly #options: StandbysOptions
  readonly #standbys: Standby[] = []
  /** One change at a time. */
  #changing: Promise<unknown> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #isChecking = false

  constructor(options: StandbysOptions) {
    this.#options = options
  }

  get replicas(): StackReplica[] {
    return this.#standbys.map(({ server: { port, pid } }) => ({ port, pid, ...this.#options.urls(port) }))
  }

  /**
   * Sets their number: creates the missing ones, and removes the last ones.
   * @param ports their previous ports.
   * @throws {Failure} `local.replica.start_failed`; those created before it stay.
   */
  have(count: number, ports: readonly number[] = []): Promise<void> {
    return this.#change(async () => {
      try {
        while (this.#standbys.length > count) await this.#removeLast()
        while (this.#standbys.length < count) await this.#add(ports[this.#standbys.length])
      } finally {
        this.#watch()
      }
    })
  }

  /** Ends all, while the primary is still running to be notified. */
  stop(): Promise<void> {
    return this.have(0)
  }

  #change(work: () => Promise<void>): Promise<void> {
    const change = this.#changing.then(work)
    this.#changing = change.catch(() => {})
    return change
  }

  async #add(port: number | undefined): Promise<void> {
    const number = this.#standbys.length + 1
    const log = this.#options.openLog(`replica-${number}.log`)
    this.#standbys.push({ number, log, server: await this.#start(number, log, port) })
  }

  async #start(number: number, log: LogFile, port: number | undefined): Promise<ManagedServer> {
    const { announce, onRestart, binaries, runAs, durable } = this.#options
    const dataFolder = await makeStandby({ ...this.#options, number })
    const launch = (at: number) => launchPostgres(at, { binaries, dataFolder, runAs, log, durable })
    const server = new ManagedServer({ name: `replica ${number}`, host: HOST, launch }, announce, onRestart)
    try {
      await server.start(port)
      return server
    } catch (error) {
      await server.stop()
      await removeStandby({ ...this.#options, number })
      throw error
    }
  }

  async #removeLast(): Promise<void> {
    const last = this.#standbys.pop()
    if (last) await this.#remove(last)
  }

  async #remove({ number, server }: Standby): Promise<void> {
    await server.stop()
    await removeStandby({ ...this.#options, number })
  }

  #watch(): void {
    clearInterval(this.#timer)
    if (this.#standbys.length > 0) this.#timer = setInterval(() => void this.#check(), CHECK_MS).unref()
  }

  async #check(): Promise<void> {
    if (this.#isChecking) return
    this.#isChecking = true
    await this.#change(async () => {
      for (const standby of this.#standbys) {
        // A primary that does not answer has not dropped anything.
        const isFollowing = await isKept({ ...this.#options, number: standby.number }).catch(() => true)
        if (!isFollowing) await this.#rebuild(standby)
      }
    })
    this.#isChecking = false
  }

  /** Never rejects: if a standby cannot be rebuilt, the next check retries. */
  async #rebuild(standby: Standby): Promise<void> {
    const { announce, onRestart } = this.#options
    const { number, log, server } = standby
    const { name, port } = server
    const fields = { server: name, port }
    const message = `${name} has fallen too far behind to follow its primary and is rebuilt from a new base backup`
    announce({ level: 'warn', fields, message })
    try {
      await this.#remove(standby)
      this.#standbys[number - 1] = { number, log, server: await this.#start(number, log, port) }
      onRestart()
      announce({ level: 'info', fields, message: `${name} is rebuilt` })
    } catch (error) {
      announce({ level: 'error', fields, message: `${name} cannot be rebuilt: ${(error as Error).message}` })
    }
  }
}
