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
   * A separate stack in a private folder, removed when the last lease ends; its disk writes are not flushed. Default
   * false.
   */
  readonly temporary?: boolean
  /**
   * Lets the migrator's login run amcheck, which checks tables and indexes for corruption, if the data is created with
   * this lease. Migrations do not include the extension. Default false.
   */
  readonly amcheck?: boolean
  /** The number of standbys from now on. Default: unchanged, initially 0. */
  readonly replicas?: number | undefined
  /** Receives crashes, restarts and changed ports. Default: no logging. */
  readonly logger?: Logger
  /** Aborts the start. */
  readonly signal?: AbortSignal
}

/** A lease on a running stack. It does not keep the process alive. */
export interface Stack extends AsyncDisposable {
  /** The stack's folder: pass it to another of your processes to share this stack. */
  readonly folder: string
  /** URLs, ports, versions, the data folder. Always the current ones, even after the stack had to be restarted. */
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
    // `ended` without other users means that the owner is about to exit: wait, so that no process is left behind when
    // we exit.
    if (this.#wasLast) await ownerGone(owner, AbortSignal.timeout(CLOSE_MS)).catch(() => {})
  }

  #wasLast = false

  /**
   * Listens until the supervisor ends. If it dies without a message, another one is started, which takes over the
   * servers.
   */
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
 * Leases the embedded stack of a folder: a PostgreSQL and a DynamoDB-compatible server, started if they are not running
 * yet, shared with every other process that leases the same folder, stopped when the last lease ends (by `close()`, or
 * because its process ended in any way, including `kill -9`). It returns URLs, never clients.
 *
 * @throws {LocalError} when the stack cannot be started; the code and message state why and what to do.
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
