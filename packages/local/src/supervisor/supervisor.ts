import { existsSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { StackDescriptor } from '@miyabi/core'
import { cacheFolder } from '../shared/cache.js'
import { Failure, nameFileError } from '../shared/failure.js'
import { writePrivateFile } from '../shared/files.js'
import { type Claim, claimFolder } from '../shared/owner-file.js'
import type { PlainFailure, Request, SupervisorEvent } from '../shared/protocol.js'
import { type Client, ControlServer } from './control-server.js'
import { removeTree } from './copy-tree.js'
import { databaseFile } from './dynamodb/launch.js'
import { readPorts } from './ports.js'
import { hasPostgresData } from './postgres/data-folder.js'
import { Servers } from './servers.js'
import { sweepTemporaryStacks } from './sweep-temporary.js'
import { delay, until } from './wait.js'

const STACK_FILE = 'stack.json'
/** How long a stack (or its failure) waits for its first acquirer, which may have died in the meantime. */
const FIRST_LEASE_MS = 2_000
/**
 * How often the supervisor checks whether its folder and data still exist: `rm -rf .miyabi` must not leave servers
 * behind.
 */
const WATCH_MS = 1_000

type State =
  | { readonly is: 'starting' }
  | { readonly is: 'up'; readonly descriptor: StackDescriptor }
  | { readonly is: 'failed' }
  | { readonly is: 'stopping' }

export interface SupervisorOptions {
  readonly folder: string
  /** Remove the folder at the end, and do not flush: this data is not meant to survive. */
  readonly temporary: boolean
  /** Whether a database created now has amcheck. */
  readonly amcheck: boolean
}

/** Owns a stack folder's servers from the first lease to the last. */
export class Supervisor {
  #state: State = { is: 'starting' }
  #held = false
  #wasLeased = false
  #claim: Claim | undefined
  #starting: Promise<StackDescriptor> | undefined
  readonly #leases = new Set<Client>()
  /** The clients waiting for the end of a lease or a hold to take effect. */
  readonly #closing = new Map<Client, { readonly wasHeld: boolean }>()
  readonly #servers = new Servers()
  readonly #control = new ControlServer({
    onRequest: (client, request) => this.#onRequest(client, request),
    onGone: (client) => this.#onGone(client),
  })

  constructor(private readonly options: SupervisorOptions) {}

  /** Resolves once the stack is running, or immediately if another supervisor owns the folder. */
  async run(): Promise<void> {
    const { folder, temporary, amcheck } = this.options
    const port = await this.#control.listen()
    this.#claim = claimFolder(folder, { port, token: this.#control.token })
    if (!this.#claim) process.exit(0)
    this.#held = this.#claim.inheritedHold
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.on(signal, () => void this.#terminate('it received a signal'))
    }
    setInterval(() => this.#watchFolder(), WATCH_MS).unref()
    try {
      this.#starting = this.#servers.start({
        folder,
        temporary,
        amcheck,
        announce: (event) => this.#announce(event),
        onRestart: () => this.#publish(),
      })
      const descriptor = await this.#starting
      if (this.#state.is !== 'starting') return // requested to end in the meantime
      this.#state = { is: 'up', descriptor }
      this.#publish()
      this.#servers.prepareNext()
      // The client that requested them is gone and cannot request them again.
      const { replicas = [] } = readPorts(folder)
      if (this.#held && replicas.length > 0) void this.#haveReplicas(replicas.length).catch(this.#logFailure)
      if (temporary) void sweepTemporaryStacks(cacheFolder()).catch((error: unknown) => console.error(error))
      if (!this.#wasLeased) await delay(FIRST_LEASE_MS)
      this.#stopWhenUnused()
    } catch (error) {
      await this.#fail(error)
    }
  }

  /** Publishes the addresses of the servers and their current processes. */
  #publish(): void {
    if (this.#state.is !== 'up') return // a server ended before both were running: the start will report it
    const descriptor = this.#servers.withProcesses(this.#state.descriptor)
    this.#state = { is: 'up', descriptor }
    if (this.#claim?.isOurs())
      writePrivateFile(path.join(this.options.folder, STACK_FILE), `${JSON.stringify(descriptor, null, 2)}\n`)
    for (const client of this.#leases) client.send({ type: 'ready', descriptor })
  }

  #onRequest(client: Client, request: Request): void {
    if (this.#state.is === 'stopping') client.finish({ type: 'stopping' })
    else if (request.type === 'replicas') void this.#serveReplicas(client, request.count)
    else this.#serve(client, request.type)
  }

  async #serveReplicas(client: Client, count: number): Promise<void> {
    try {
      client.send({ type: 'replicas', descriptor: await this.#haveReplicas(count) })
    } catch (error) {
      client.send({ type: 'refused', error: this.#failureOf(error) })
    }
  }

  async #haveReplicas(count: number): Promise<StackDescriptor> {
    await this.#starting
    try {
      await this.#servers.haveReplicas(this.options.folder, count)
    } finally {
      this.#publish()
    }
    if (this.#state.is !== 'up') throw new Error('the stack has ended in the meantime')
    return this.#state.descriptor
  }

  readonly #logFailure = (error: unknown): void => console.error(error)

  #serve(client: Client, request: Exclude<Request['type'], 'replicas'>): void {
    const descriptor = this.#state.is === 'up' ? this.#state.descriptor : undefined
    if (request === 'lease') {
      this.#leases.add(client)
      this.#wasLeased = true
      if (descriptor) client.send({ type: 'ready', descriptor })
    } else if (request === 'close') {
      this.#endFor(client, this.#held)
    } else if (request === 'hold') {
      this.#hold(true)
      client.send({ type: 'held' })
    } else if (request === 'unhold') {
      const wasHeld = this.#held
      this.#hold(false)
      this.#endFor(client, wasHeld)
    } else {
      client.finish({ type: 'status', held: this.#held, leases: this.#leases.size, ...(descriptor && { descriptor }) })
    }
  }

  /**
   * Ends the client's lease or hold, and answers once that has taken effect: immediately while others use the stack,
   * otherwise when everything has ended.
   */
  #endFor(client: Client, wasHeld: boolean): void {
    this.#leases.delete(client)
    if (this.#held || this.#leases.size > 0) {
      client.finish({ type: 'ended', wasHeld, leases: this.#leases.size })
    } else {
      this.#closing.set(client, { wasHeld })
      this.#stopWhenUnused()
    }
  }

  #onGone(client: Client): void {
    this.#closing.delete(client)
    if (this.#leases.delete(client)) this.#stopWhenUnused()
  }

  #hold(held: boolean): void {
    if (this.#held === held) return
    this.#held = held
    this.#claim?.setHeld(held)
  }

  #stopWhenUnused(): void {
    if (this.#state.is === 'up' && !this.#held && this.#leases.size === 0) void this.#stop()
  }

  #announce(event: Omit<SupervisorEvent, 'type'>): void {
    console.log(`${new Date().toISOString()} ${event.level} ${event.message} ${JSON.stringify(event.fields)}`)
    for (const client of this.#leases) client.send({ type: 'event', ...event })
  }

  #watchFolder(): void {
    if (this.#state.is !== 'up') return
    const { dataDir, dynamodb } = this.#state.descriptor
    const hasData = hasPostgresData(dataDir) && ('unavailable' in dynamodb || existsSync(databaseFile(dataDir)))
    if (!this.#claim?.isOurs()) void this.#terminate(`its folder ${this.options.folder} was removed`)
    else if (!hasData) void this.#terminate(`its data in ${dataDir} was removed`)
  }

  /** Ends although the stack is in use: holders receive the reason, and do not start it again. */
  async #terminate(reason: string): Promise<void> {
    console.log(`${new Date().toISOString()} error the embedded stack is ending: ${reason}`)
    for (const client of this.#leases) client.finish({ type: 'terminated', reason })
    this.#leases.clear()
    await this.#stop()
  }

  async #stop(): Promise<void> {
    if (this.#state.is === 'stopping') return
    this.#state = { is: 'stopping' }
    const { folder, temporary } = this.options
    // First: the URLs are about to become invalid and must not be found. Another supervisor may own the folder by now,
    // if it was removed.
    if (this.#claim?.isOurs()) rmSync(path.join(folder, STACK_FILE), { force: true })
    await this.#starting?.catch(() => {}) // a server that starts late must not be overlooked
    await this.#servers.stop()
    this.#claim?.release()
    if (temporary) await removeTree(folder)
    for (const [client, { wasHeld }] of this.#closing) client.finish({ type: 'ended', wasHeld, leases: 0 })
    await this.#control.close()
    process.exit(0)
  }

  /** The answer to the clients that requested the start. */
  #failureOf(error: unknown): PlainFailure {
    const named = nameFileError(error, this.options.folder)
    console.error(named)
    const failure =
      named instanceof Failure
        ? named
        : new Failure('local.supervisor.failed', `The embedded stack cannot start: ${(named as Error).message}`)
    const { code, message, details, remedy } = failure
    return { code, message, details, remedy }
  }

  async #fail(error: unknown): Promise<void> {
    if (this.#state.is === 'stopping') return
    const failure = this.#failureOf(error)
    this.#state = { is: 'failed' }
    // Waiting clients receive it or, if there are none yet, the first to arrive. Later ones try again themselves.
    if (!this.#wasLeased) await until(FIRST_LEASE_MS, () => this.#wasLeased)
    this.#claim?.release()
    for (const client of this.#leases) client.finish({ type: 'failed', error: failure })
    if (this.options.temporary) await removeTree(this.options.folder)
    await this.#control.close()
    process.exit(0)
  }
}
