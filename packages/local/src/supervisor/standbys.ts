import type { StackReplica } from '@miyabi/core'
import type { LogFile } from './log-file.js'
import { type Announce, ManagedServer } from './managed-server.js'
import { HOST } from './ports.js'
import type { PostgresBinaries } from './postgres/binaries.js'
import { launchPostgres } from './postgres/launch.js'
import type { ReplicationLogin } from './postgres/roles.js'
import { makeStandby, removeStandby } from './postgres/standby.js'
import type { RunAs } from './run-as.js'

/** The server that standbys are made of, and how they run. */
export interface StandbysOptions {
  readonly primary: ReplicationLogin
  readonly dataDir: string
  readonly binaries: PostgresBinaries
  readonly runAs: RunAs | undefined
  readonly durable: boolean
  /** The URLs of the logins at a port. */
  readonly urls: (port: number) => Pick<StackReplica, 'databaseUrl' | 'serviceDatabaseUrl'>
  readonly openLog: (name: string) => LogFile
  readonly announce: Announce
  readonly onRestart: () => void
}

/** The standbys of a stack: as many as are wanted, each with fresh data, and gone with the stack. */
export class Standbys {
  readonly #options: StandbysOptions
  readonly #servers: ManagedServer[] = []
  /** One change at a time. */
  #changing: Promise<unknown> = Promise.resolve()

  constructor(options: StandbysOptions) {
    this.#options = options
  }

  get replicas(): StackReplica[] {
    return this.#servers.map(({ port, pid }) => ({ port, pid, ...this.#options.urls(port) }))
  }

  /**
   * Has so many: makes those that are missing, and takes the last ones away.
   * @param ports that they had before.
   * @throws {Failure} `local.replica.start_failed`; those before it stay.
   */
  have(count: number, ports: readonly number[] = []): Promise<void> {
    const change = this.#changing.then(async () => {
      while (this.#servers.length > count) await this.#removeLast()
      while (this.#servers.length < count) await this.#add(ports[this.#servers.length])
    })
    this.#changing = change.catch(() => {})
    return change
  }

  /** Ends all, while the primary is still there to be told. */
  stop(): Promise<void> {
    return this.have(0)
  }

  async #add(port: number | undefined): Promise<void> {
    const { openLog, announce, onRestart, binaries, runAs, durable } = this.#options
    const number = this.#servers.length + 1
    const dataFolder = await makeStandby({ ...this.#options, number })
    const log = openLog(`replica-${number}.log`)
    const launch = (at: number) => launchPostgres(at, { binaries, dataFolder, runAs, log, durable })
    const server = new ManagedServer({ name: `replica ${number}`, host: HOST, launch }, announce, onRestart)
    try {
      await server.start(port)
    } catch (error) {
      await server.stop()
      await removeStandby({ ...this.#options, number })
      throw error
    }
    this.#servers.push(server)
  }

  async #removeLast(): Promise<void> {
    const number = this.#servers.length
    await this.#servers.pop()?.stop()
    await removeStandby({ ...this.#options, number })
  }
}
