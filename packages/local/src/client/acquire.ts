import { type Logger, printable, redactingLogger, type StackDescriptor, silentLogger, sleep } from '@miyabi/core'
import { type Attached, type AttachOptions, attach, ownerGone, prepareFolder } from './attach.js'
import { resolveFolder } from './folder.js'
import { haveReplicas } from './replicas.js'
import { makeTemporaryFolder } from './temporary.js'

export interface AcquireOptions {
  /**
   * The stack's folder. Default: `MIYABI_STACK_DIR`, else `.miyabi` at the root of the workspace around the current
   * folder.
   */
  readonly folder?: string
  /**
   * A stack of our own in a private folder, removed when the last lease ends; its disk writes are not flushed. Default
   * false.
   */
  readonly temporary?: boolean
  /**
   * Lets the migrator's login run amcheck, which looks through tables and indexes for corruption, where the data begin
   * with this lease. Migrations know nothing of the extension. Default false.
   */
  readonly amcheck?: boolean
  /** How many standbys it has from now on. Default: those that it has, none at first. */
  readonly replicas?: number | undefined
  /** Hears of crashes, restarts and changed ports. Default: nobody. */
  readonly logger?: Logger
  /** Gives up the start. */
  readonly signal?: AbortSignal
}

/** A lease on a running stack. It does not keep the process alive. */
export interface Stack extends AsyncDisposable {
  /** The stack's folder: hand it to another process of yours, which then shares this stack. */
  readonly folder: string
  /** URLs, ports, versions, the data folder. Always the present ones, also after the stack had to be started anew. */
  readonly descriptor: StackDescriptor
  /** Ends the lease. When it was the last and nothing holds the stack, resolves once both servers have ended. */
  close(): Promise<void>
}

/** Longer than the supervisor gives both servers to end. */
const CLOSE_MS = 30_000
const RECONNECT_MS = { first: 20, max: 5_000 }

class Lease implements Stack {
  #attached: Attached
  #closing: Promise<void> | undefined
  readonly #stopped = new AbortController()

  constructor(
    readonly folder: string,
    private readonly start: Pick<AttachOptions, 'temporary' | 'amcheck'>,
    private readonly logger: Logger,
    private readonly replicas: number | undefined,
    attached: Attached,
  ) {
    this.#attached = attached
    void this.#watch()
  }

  get descriptor(): StackDescriptor {
    return this.#attached.descriptor
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    this.#stopped.abort(new Error('the lease was closed'))
    const { client, owner } = this.#attached
    client.ref()
    client.send({ type: 'close' })
    const timer = setTimeout(() => client.destroy(), CLOSE_MS)
    await client.closed
    clearTimeout(timer)
    // `ended` with nobody left means that the owner is about to exit: leave no process behind when we do.
    if (this.#wasLast) await ownerGone(owner, AbortSignal.timeout(CLOSE_MS)).catch(() => {})
  }

  #wasLast = false

  /** Hears the supervisor out. When it dies without a word, another one is started, which takes the servers over. */
  async #watch(): Promise<void> {
    for (;;) {
      const reply = await this.#attached.client.next()
      if (reply?.type === 'ready') this.#attached = { ...this.#attached, descriptor: printable(reply.descriptor) }
      if (reply?.type === 'event') this.logger[reply.level](reply.fields, reply.message)
      if (reply?.type === 'ended') this.#wasLast = reply.leases === 0 && !reply.wasHeld
      if (reply?.type === 'terminated') {
        this.logger.error({ folder: this.folder }, `the embedded stack has ended: ${reply.reason}`)
        return
      }
      if (reply !== undefined) continue
      if (this.#closing || !(await this.#reattach())) return
    }
  }

  async #reattach(): Promise<boolean> {
    this.logger.warn({ folder: this.folder }, 'the supervisor of the embedded stack is gone: starting another')
    const { signal } = this.#stopped
    for (let waitMs = RECONNECT_MS.first; !signal.aborted; waitMs = Math.min(waitMs * 2, RECONNECT_MS.max)) {
      try {
        prepareFolder(this.folder)
        this.#attached = await attachWith(this.replicas, { ...this.start, folder: this.folder, signal })
        this.logger.info({ folder: this.folder }, 'the embedded stack is up again')
        return true
      } catch (error) {
        if (signal.aborted) break
        this.logger.error({ folder: this.folder, error }, 'the embedded stack cannot be started again yet')
        await sleep(waitMs, signal).catch(() => {})
      }
    }
    return false
  }
}

/**
 * Leases the embedded stack of a folder: a PostgreSQL and a DynamoDB-compatible server, started when they are not up
 * yet, shared with every other process that leases the same folder, stopped when the last lease ends (by `close()`, or
 * because its process ended in any way, `kill -9` included). It hands out URLs, never clients.
 *
 * @throws {LocalError} when the stack cannot be started; the code and the message say why and what to do.
 */
export async function acquireStack(options: AcquireOptions = {}): Promise<Stack> {
  const { temporary = false, amcheck = false, logger = silentLogger, signal, replicas } = options
  const folder = temporary ? makeTemporaryFolder() : resolveFolder(options.folder)
  prepareFolder(folder)
  const attached = await attachWith(replicas, { folder, temporary, amcheck, signal })
  return new Lease(folder, { temporary, amcheck }, redactingLogger(logger), replicas, attached)
}

async function attachWith(replicas: number | undefined, options: AttachOptions): Promise<Attached> {
  const attached = await attach(options)
  if (replicas === undefined) return attached
  try {
    return { ...attached, descriptor: await haveReplicas(attached, replicas) }
  } catch (error) {
    attached.client.destroy()
    throw error
  } finally {
    attached.client.unref()
  }
}
