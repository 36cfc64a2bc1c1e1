import { once } from 'node:events'
import { type Logger, type MiyabiError, redactingLogger, silentLogger, withDeadline } from '@miyabi/core'
import pg from 'pg'
import type { PostgresSettings } from './config.js'
import { type AcquireTimeoutDetails, AcquireTimeoutError, PostgresError } from './errors.js'
import { lease } from './lease.js'
import { Liveness } from './liveness.js'
import { mapConnectError, mapPostgresError } from './map-error.js'
import { MinUpkeep } from './min-upkeep.js'
import { serverOf, toClientConfig } from './pool-config.js'
import type { PoolStats } from './pool-stats.js'
import { PooledClient, type PooledClientConfig } from './pooled-client.js'
import { Slots } from './slots.js'

/** The last part of a lifetime over which expiry is spread, so that connections opened together do not end together. */
const LIFETIME_JITTER = 0.1
/** How long `close` waits for idle connections to end. Each cuts itself off before that. */
const GOODBYE_MS = 2000
/** A wait worth a line in the log. */
const SLOW_ACQUIRE_MS = 1000
const DEFAULT_GRACE_MS = 10_000

export interface PoolOptions {
  /** Silent by default. */
  readonly logger?: Logger | undefined
  /** Told in errors and events. Default `main`. */
  readonly name?: string
}

/** How a pool came to its end. */
export interface PoolClosed {
  /** Whether all work in flight ended within the grace period. */
  readonly drained: boolean
  /** Connections that were cut because it did not. */
  readonly destroyed: number
}

type ConnectCallback = Parameters<pg.Pool['connect']>[0]
type IdleClient = PooledClient & pg.PoolClient
type DriverClient = NonNullable<pg.PoolConfig['Client']>
type DriverCallback = (error: Error | undefined, client: pg.PoolClient | undefined, release: () => void) => void

/**
 * A `pg.Pool` whose settings do what they say.
 *
 * `connect`, `query` and everything built on them (Prisma's adapter, Kysely, Drizzle ...) go through `acquire`: the wait is bound
 * by the acquire timeout, a connection that sat idle is tested, one inside an open transaction is never handed out, the minimum is
 * opened before the first query and kept up, lifetimes are spread, every session is in UTC, and `close` always returns.
 */
export class Pool extends pg.Pool {
  readonly name: string
  readonly #settings: PostgresSettings
  readonly #logger: Logger
  readonly #slots: Slots
  readonly #sockets: Set<PooledClient>
  readonly #liveness: Liveness
  readonly #upkeep: MinUpkeep
  #active = 0
  #pending = 0
  /** Idle connections promised to a caller, who has them with the next tick. */
  #taking = 0
  #lastFailure: { readonly error: MiyabiError; readonly at: number } | undefined
  #closed: Promise<PoolClosed> | undefined

  /** The driver's own way to open a connection; its types leave it out. It hands out with `callback`. */
  declare private readonly newClient: (item: { readonly callback: DriverCallback }) => void

  constructor(settings: PostgresSettings, options: PoolOptions = {}) {
    const sockets = new Set<PooledClient>()
    const clientConfig: PooledClientConfig = {
      ...toClientConfig(settings),
      connectTimeoutMs: settings.connectTimeoutMs,
      sockets,
    }
    super({
      ...clientConfig,
      Client: PooledClient as unknown as DriverClient, // it is made with the options of the pool
      max: settings.maxConnections,
      min: settings.minConnections,
      idleTimeoutMillis: settings.idleTimeoutMs,
      maxLifetimeSeconds: jitteredSeconds(settings.maxLifetimeMs),
      onConnect: (client) => (client as PooledClient).assertUtc(),
    })
    this.name = options.name ?? 'main'
    this.#settings = settings
    this.#logger = redactingLogger(options.logger ?? silentLogger)
    this.#slots = new Slots(settings.maxConnections)
    this.#sockets = sockets
    this.#liveness = new Liveness(settings, (error) => this.#testFailed(error))
    this.#upkeep = new MinUpkeep({
      missing: () => (this.#closed ? 0 : settings.minConnections - this.totalCount),
      open: () => this.#openIdle(),
    })
    this.#listen()
    this.#upkeep.check()
  }

  /** The pool at this moment. */
  get stats(): PoolStats {
    const { totalCount: total, idleCount: idle } = this
    const { maxConnections: max, minConnections: min } = this.#settings
    return {
      total,
      active: this.#active,
      idle,
      connecting: total - idle - this.#active,
      waiting: this.#pending,
      max,
      min,
    }
  }

  /** As `acquire`, in the driver's own shape: with a promise, or with a callback. */
  override connect(): Promise<pg.PoolClient>
  override connect(callback: ConnectCallback): void
  override connect(callback?: ConnectCallback): Promise<pg.PoolClient> | undefined {
    if (!callback) return this.acquire()
    this.#acquire(undefined, (error, client) => callback(error, client, client ? client.release : () => {}))
    return undefined
  }

  /**
   * Takes a connection; whoever takes it must `release()` it.
   * @throws {AcquireTimeoutError} `postgres.pool.acquire_timeout`: none was free in time.
   * @throws {PostgresError} `postgres.pool.closed`, or why none could be opened (`postgres.unreachable`, `postgres.auth_failed` ...).
   */
  acquire(options: { readonly signal?: AbortSignal } = {}): Promise<pg.PoolClient> {
    return new Promise((resolve, reject) => {
      this.#acquire(options.signal, (error, client) => (client ? resolve(client) : reject(error)))
    })
  }

  /**
   * Takes no new work, waits up to `graceMs` for what is in flight, then cuts what is left. Always returns; a second call gives
   * the same promise.
   */
  close(graceMs: number = DEFAULT_GRACE_MS): Promise<PoolClosed> {
    this.#closed ??= this.#close(graceMs)
    return this.#closed
  }

  /** As `close`. The driver's own `end` waits for ever while one connection is out. */
  override end(): Promise<void>
  override end(callback: () => void): void
  override end(callback?: () => void): Promise<void> | undefined {
    const closed = this.close().then(() => {})
    if (!callback) return closed
    void closed.then(callback)
    return undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /**
   * Takes a slot, then an idle connection that needs no test: the path of nearly every query, so it makes neither a promise nor,
   * where a slot is free, a timer. What has to be tested or opened goes the slow way, which needs a deadline.
   */
  #acquire(
    signal: AbortSignal | undefined,
    callback: (error: Error | undefined, client?: pg.PoolClient) => void,
  ): void {
    if (this.#closed) {
      callback(closedError(this.name))
      return
    }
    const startedAt = performance.now()
    this.#pending += 1
    const done = (error: Error | undefined, client?: pg.PoolClient): void => {
      this.#pending -= 1
      if (client) this.#noticeSlow(performance.now() - startedAt)
      callback(error, client)
    }
    const slowly = (first?: IdleClient): void => {
      this.#takeInTime(startedAt, signal, first).then((client) => done(undefined, client), done)
    }
    const onTimeout = (): Error => this.#timeoutError(startedAt)
    this.#slots.take({ ms: this.#settings.acquireTimeoutMs, signal, onTimeout }, (refused) => {
      if (refused) return done(refused)
      if (this.idleCount <= this.#taking) return slowly()
      this.#taking += 1
      super.connect((_error, driverClient) => {
        this.#taking -= 1
        const client = driverClient as IdleClient | undefined
        if (client && this.#liveness.isFresh(client)) done(undefined, this.#lease(client))
        else slowly(client)
      })
    })
  }

  /** Tests or opens until there is a usable connection for the slot that is held, or the time is over. */
  #takeInTime(startedAt: number, signal: AbortSignal | undefined, first?: IdleClient): Promise<pg.PoolClient> {
    const ms = Math.max(1, startedAt + this.#settings.acquireTimeoutMs - performance.now())
    const onTimeout = (): Error => this.#timeoutError(startedAt)
    return withDeadline({ ms, signal, onTimeout }, (inner) => this.#takeUsable(inner, first))
  }

  /** After `signal` aborts nobody hears of the result, so connection and slot go back. */
  async #takeUsable(signal: AbortSignal, first?: IdleClient): Promise<pg.PoolClient> {
    try {
      for (let client = first ?? (await this.#checkOut()); ; client = await this.#checkOut()) {
        const usable = signal.aborted || (await this.#liveness.isUsable(client))
        if (signal.aborted) {
          client.release(!usable)
          throw signal.reason
        }
        if (usable) return this.#lease(client)
        client.release(true)
      }
    } catch (error) {
      this.#slots.give()
      throw error
    }
  }

  /** An idle connection of the driver's pool, or a new one. With a slot in hand, this waits for nobody else's work. */
  async #checkOut(): Promise<IdleClient> {
    try {
      return (await super.connect()) as IdleClient
    } catch (error) {
      throw this.ending ? closedError(this.name) : this.#connectFailed(error)
    }
  }

  #lease(client: IdleClient): pg.PoolClient {
    return lease(client, () => this.#slots.give())
  }

  #openIdle(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.newClient({
        callback: (error, _client, release) => {
          if (error) return reject(this.#connectFailed(error))
          release()
          resolve()
        },
      })
    })
  }

  #connectFailed(cause: unknown): MiyabiError {
    const error = mapConnectError(cause, serverOf(this.#settings))
    this.#lastFailure = { error, at: performance.now() }
    this.#logger.warn(
      { event: 'postgres.pool.connect_failed', pool: this.name, error },
      'a connection could not be opened',
    )
    return error
  }

  #testFailed(error: Error): void {
    this.#logger.info({ event: 'postgres.pool.test_failed', pool: this.name, error }, 'a dead connection was replaced')
  }

  #timeoutError(startedAt: number): AcquireTimeoutError {
    const failure = this.#lastFailure
    const details: AcquireTimeoutDetails = {
      pool: this.name,
      waitedMs: Math.round(performance.now() - startedAt),
      ...this.stats,
      ...(failure && {
        lastConnectFailure: {
          code: failure.error.code,
          message: failure.error.message,
          agoMs: Math.round(performance.now() - failure.at),
        },
      }),
    }
    return new AcquireTimeoutError(details, failure?.error)
  }

  #noticeSlow(waitedMs: number): void {
    if (waitedMs < SLOW_ACQUIRE_MS) return
    this.#logger.info(
      { event: 'postgres.pool.slow_acquire', pool: this.name, waitedMs: Math.round(waitedMs), ...this.stats },
      'a caller waited long for a connection',
    )
  }

  #listen(): void {
    this.on('connect', () => {
      this.#lastFailure = undefined
      // The driver reads it once for each new connection, so the next one gets a lifetime of its own.
      this.options.maxLifetimeSeconds = jitteredSeconds(this.#settings.maxLifetimeMs)
    })
    this.on('acquire', () => {
      this.#active += 1
    })
    this.on('release', (_error, client) => {
      this.#active -= 1
      ;(client as unknown as PooledClient).lastUsedAt = performance.now()
    })
    this.on('remove', () => this.#upkeep.check())
    this.on('error', (cause) => {
      if (this.#closed) return
      const error = mapPostgresError(cause)
      this.#logger.warn(
        { event: 'postgres.pool.connection_lost', pool: this.name, error },
        'an idle connection was lost',
      )
    })
  }

  async #close(graceMs: number): Promise<PoolClosed> {
    this.#upkeep.stop()
    const drained = await settlesWithin(graceMs, this.#slots.allFree())
    this.#slots.refuse(closedError(this.name))
    const ended = super.end()
    ended.catch(() => {}) // without a drain it never settles
    if (drained)
      await settlesWithin(GOODBYE_MS, Promise.allSettled([...this.#sockets].map((client) => once(client, 'end'))))
    const destroyed = this.#sockets.size
    for (const client of this.#sockets) client.destroy()
    this.#logger.info({ event: 'postgres.pool.closed', pool: this.name, drained, destroyed }, 'the pool is closed')
    return { drained, destroyed }
  }
}

/** Makes a pool. It opens `minConnections` at once, without blocking; the others on demand. */
export function createPool(settings: PostgresSettings, options: PoolOptions = {}): Pool {
  return new Pool(settings, options)
}

/** The pool at this moment. */
export function getPoolStats(pool: Pool): PoolStats {
  return pool.stats
}

function closedError(pool: string): PostgresError {
  return new PostgresError('postgres.pool.closed', `Pool ${pool} is closed: it hands out no more connections`)
}

/** A lifetime from 90 to 100 percent of the setting. */
function jitteredSeconds(lifetimeMs: number): number {
  return (lifetimeMs / 1000) * (1 - Math.random() * LIFETIME_JITTER)
}

/** Whether `work` settles in time; its own failure counts as settled. */
async function settlesWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  const late = new Error()
  try {
    await withDeadline({ ms, onTimeout: () => late }, () => work)
    return true
  } catch (error) {
    return error !== late
  }
}
