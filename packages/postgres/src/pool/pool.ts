// Longer than other files: the overrides of the driver's pool must be in one class. Everything that could be extracted
// is in the neighboring files.
import { once } from 'node:events'
import {
  Closing,
  DEFAULT_GRACE_MS,
  type Grace,
  type Logger,
  type MiyabiError,
  redactingLogger,
  Slots,
  settlesWithin,
  silentLogger,
  withDeadline,
} from '@miyabi/core'
import pg from 'pg'
import type { AcquireTimeoutError } from '../errors/errors.js'
import { mapConnectError, toPostgresError } from '../errors/map-error.js'
import { assertInternals } from '../internals/check.js'
import { type DriverCallback, openClient, pgCheck, takeIdleClient } from '../internals/pg.js'
import type { PoolClosed, PoolObserver } from '../observe/pool-events.js'
import { PoolTelling } from '../observe/pool-telling.js'
import { createPostgresHooks, type PostgresHooks } from '../observe/postgres-hooks.js'
import { StatementTelling } from '../observe/statement-telling.js'
import { StatementTexts } from '../observe/statement-texts.js'
import { jitteredLifetimeSeconds, toClientConfig } from '../settings/client-config.js'
import type { PostgresSettings } from '../settings/config.js'
import { sayDoubts } from '../settings/doubts.js'
import { type ResolvedSettings, resolvePostgresSettings } from '../settings/resolve.js'
import type { PoolStats } from '../stats.js'
import { acquireTimeout } from './acquire-timeout.js'
import { CancelScope, CancelScopes } from './cancel-scope.js'
import { ClientQueue } from './client-queue.js'
import { closedError } from './closed.js'
import { Connector } from './connector.js'
import { refuseDriverOptions } from './driver-options.js'
import { LeakWatch, type Taker } from './leak-watch.js'
import { type Lease, lease } from './lease.js'
import { Liveness } from './liveness.js'
import { PoolLog } from './log.js'
import { currentMoment } from './moment.js'
import { type ConnectHook, HookFailure, runHook } from './on-connect.js'
import { PooledClient, type PooledClientConfig } from './pooled-client.js'
import { sessionsAtWork } from './sessions-at-work.js'
import { SilenceWatch } from './silence-watch.js'
import { silentError } from './silent-error.js'
import { type PoolUsage, UsageWindow } from './usage.js'

/**
 * How long after the first connection the others of the minimum are opened: until then they would compete with the
 * first query for the processor, on both sides.
 */
const FILL_AFTER_MS = 100

/** How long `close` waits for idle connections to end. Each closes itself forcibly before that. */
const GOODBYE_MS = 2000

export interface PoolOptions {
  /** Silent by default. */
  readonly logger?: Logger | undefined
  /** Used in errors and events. Default `main`. */
  readonly name?: string
  /**
   * Called with each new connection before any caller gets it, within DB_CONNECT_TIMEOUT. An error it throws is the
   * reason why none could be opened, and is passed unchanged to the calls that needed one.
   */
  readonly onConnect?: ConnectHook
  /** The hooks of another pool, whose observers should receive this pool's events too. Default: its own. */
  readonly hooks?: PostgresHooks
}

type AcquireCallback = (error: Error | undefined, client?: pg.PoolClient) => void
/** The method that was called from outside: a caller's stack starts below it. */
type Caller = Parameters<LeakWatch['taker']>[0]
/** A request for a connection. */
interface Acquire {
  /** From `performance.now()`. */
  readonly startedAt: number
  readonly signal: AbortSignal | undefined
  readonly taker: Taker | undefined
  readonly scope: CancelScope | undefined
  readonly callback: AcquireCallback
}
type ConnectCallback = Parameters<pg.Pool['connect']>[0]
type IdleClient = PooledClient & pg.PoolClient
type DriverClient = NonNullable<pg.PoolConfig['Client']>

/**
 * A `pg.Pool` whose settings do what they promise.
 *
 * `connect`, `query` and everything built on them (Prisma's adapter, Kysely, Drizzle ...) go through `acquire`: the
 * wait is bounded by the acquire timeout, an idle connection is tested, one inside an open transaction is never handed
 * out, the minimum is opened in the background and maintained, lifetimes are staggered, every session is in UTC,
 * and `close` always returns.
 *
 * Its events are those of pg-pool: `connect` and `remove` once per connection, `acquire` and `release` once per lease,
 * the latter with the argument of `release`, `error` if an idle connection breaks. It accepts none of pg-pool's options
 * under their names; `log`, `maxUses`, `verify`, `allowExitOnIdle`, `pipeline` and `Client` have no counterpart; all of
 * them are rejected.
 */
export class Pool extends pg.Pool {
  readonly name: string
  /** Everything that can be observed of the pool and of the calls over it. */
  readonly hooks: PostgresHooks
  readonly #settings: ResolvedSettings
  readonly #log: PoolLog
  readonly #telling: PoolTelling
  readonly #usage = new UsageWindow(performance.now())
  readonly #slots: Slots
  readonly #sockets: Set<PooledClient>
  readonly #liveness: Liveness
  readonly #queue = new ClientQueue<IdleClient>()
  readonly #connector: Connector
  readonly #leakWatch: LeakWatch | undefined
  readonly #cancelScopes = new CancelScopes()
  readonly #silenceWatch: SilenceWatch<PooledClient>
  #active = 0
  #pending = 0
  /** Whether the whole minimum is kept open, or one connection for now. */
  #isFilling = false
  #fillTimer: NodeJS.Timeout | undefined
  readonly #closing = new Closing((grace) => this.#close(grace))

  constructor(given: PostgresSettings, options: PoolOptions = {}) {
    assertInternals(pgCheck)
    refuseDriverOptions(given, options)
    const settings = resolvePostgresSettings(given)
    const sockets = new Set<PooledClient>()
    const name = options.name ?? 'main'
    const logger = redactingLogger(options.logger ?? silentLogger)
    const hooks = options.hooks ?? createPostgresHooks(name, logger)
    const texts = new StatementTexts(settings.target.schema ?? 'public')
    const clientConfig: PooledClientConfig = {
      ...toClientConfig(settings),
      connectTimeoutMs: settings.connectTimeoutMs,
      sockets,
      telling: new StatementTelling(name, texts, hooks.statement),
    }
    super({
      ...clientConfig,
      Client: PooledClient as unknown as DriverClient, // it is created with the options of the pool
      max: settings.maxConnections,
      min: settings.minConnections,
      idleTimeoutMillis: settings.idleTimeoutMs,
      maxLifetimeSeconds: jitteredLifetimeSeconds(settings.maxLifetimeMs),
      onConnect: async (client) => {
        ;(client as PooledClient).assertUtc()
        await runHook(options.onConnect, client, settings.connectTimeoutMs)
        ;(client as PooledClient).assertInternals() // after an await: the driver calls this before its login is complete
      },
    })
    this.name = name
    this.hooks = hooks
    this.#settings = settings
    const stats = (): PoolStats => this.stats
    this.#telling = new PoolTelling(name, stats, hooks.pool)
    this.#log = new PoolLog(name, logger, stats, this.#telling)
    this.#slots = new Slots(settings.maxConnections)
    this.#sockets = sockets
    this.#liveness = new Liveness(settings, { onDead: (error) => this.#log.testFailed(error) })
    this.#connector = new Connector({
      missing: () => this.#missing(),
      isWaitedFor: () => this.#queue.size > 0 && this.totalCount < settings.maxConnections,
      open: () => this.#openIdle(),
      onFailed: (error, isFirst) => this.#connectFailed(error, isFirst),
      onRecovered: (outage) => this.#log.connectRecovered(outage),
    })
    if (settings.leakThresholdMs > 0) this.#leakWatch = new LeakWatch(settings.leakThresholdMs, this.#log)
    this.#silenceWatch = this.#watchForSilence()
    // The driver's getter counts its own queue, which is unused here. Its types declare it as a field.
    Object.defineProperty(this, 'waitingCount', { get: () => this.#pending })
    this.#listen()
    this.#connector.check()
  }

  /** The current state of the pool. */
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

  /** The pool's usage over the last minute: waits, holds, connections in use. Costs a few microseconds. */
  get usage(): PoolUsage {
    return this.#usage.figures(performance.now())
  }

  /**
   * How long the first waiter has been waiting because all connections are in use, in milliseconds; 0 if there is none.
   */
  get oldestWaitMs(): number {
    return this.#slots.oldestWaitMs
  }

  /** Calls `observer` with every event of the pool, as it happens. Returns a function that removes the observer. */
  observe(observer: PoolObserver): () => void {
    return this.hooks.pool.add(observer)
  }

  /**
   * The driver also emits 'acquire' and 'release' for internal steps: for a connection that was opened, tested, or has
   * expired. Listeners receive only leases.
   */
  override emit(name: string | symbol, ...args: unknown[]): boolean {
    if (name === 'acquire') {
      this.#active += 1
      return false
    }
    if (name !== 'release') return super.emit(name, ...args)
    this.#active -= 1
    const client = args[1] as PooledClient
    client.lastUsed = currentMoment()
    if (!client.isLeased) return false
    client.isLeased = false
    return super.emit(name, client.releasedWith, client)
  }

  /** As `acquire`, in the driver's own shape: with a promise, or with a callback. */
  override connect(): Promise<pg.PoolClient>
  override connect(callback: ConnectCallback): void
  override connect(callback?: ConnectCallback): Promise<pg.PoolClient> | undefined {
    if (!callback) return this.#acquired(undefined, this.connect)
    // In the next tick, as the driver does: a callback that releases at once would otherwise run inside of that
    // release.
    const onAcquired: AcquireCallback = (error, client) =>
      process.nextTick(callback, error, client, client ? client.release : () => {})
    this.#acquire(undefined, this.connect, onAcquired)
    return undefined
  }

  /**
   * Takes a connection; the caller must `release()` it.
   * @throws {AcquireTimeoutError} `postgres.pool.acquire_timeout`: none became available in time.
   * @throws {PostgresError} `postgres.pool.closed`, or why none could be opened (`postgres.unreachable`,
   *   `postgres.auth_failed` ...).
   */
  acquire(options: { readonly signal?: AbortSignal } = {}): Promise<pg.PoolClient> {
    return this.#acquired(options.signal, this.acquire)
  }

  /**
   * As `acquire`, without a promise: the callback is called immediately if a connection is free. For single statements
   * of Prisma, which outnumber everything else.
   */
  take(callback: AcquireCallback): void {
    this.#acquire(undefined, this.take, callback)
  }

  /**
   * Runs `work`. When `signal` aborts, statements on the connections that `work` took are canceled on the server, and
   * it gets no further connections.
   */
  canceling<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    // Awaited inside: Prisma's promises are lazy and start only then.
    return this.#cancelScopes.within(new CancelScope(signal), async () => await work())
  }

  /** The canceling scope of the calling work, to distinguish it from others. */
  get cancelScope(): { readonly signal: AbortSignal } | undefined {
    return this.#cancelScopes.current
  }

  /**
   * Rejects new work, waits up to `graceMs` for work in flight, then closes the remaining connections forcibly. Always
   * returns; a second call returns the same promise.
   */
  close(graceMs: number = DEFAULT_GRACE_MS): Promise<PoolClosed> {
    return this.#closing.close(graceMs)
  }

  /** As `close`. The driver's own `end` waits forever while a connection is in use. */
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
   * Takes a slot, then an idle connection that needs no test: the path of nearly every query, so it creates neither a
   * promise nor a timer, and reads the clocks once.
   */
  #acquire(ownSignal: AbortSignal | undefined, caller: Caller, callback: AcquireCallback): void {
    if (this.#closing.hasBegun) {
      callback(closedError(this.name))
      return
    }
    const now = currentMoment()
    const startedAt = now.monotonicMs
    const taker = this.#leakWatch?.taker(caller)
    const scope = this.#cancelScopes.current
    const signal = ownSignal ?? scope?.signal
    const isAtOnce = this.idleCount > 0 && !signal?.aborted && this.#slots.takeFree()
    if (!isAtOnce) {
      this.#acquireInLine({ startedAt, signal, taker, scope, callback })
      return
    }
    const client = this.#takeIdle()
    if (!this.#liveness.isFresh(client, now)) {
      this.#acquireSlowly({ startedAt, signal, taker, scope, callback }, client)
      return
    }
    const leased = this.#lease(client, startedAt, taker, scope)
    this.#noteAcquired(startedAt, startedAt)
    callback(undefined, leased)
  }

  /** Waits for a slot. */
  #acquireInLine(asked: Acquire): void {
    const { startedAt, signal } = asked
    const onTimeout = (): Error => this.#timeoutError(startedAt)
    const limit = { ms: this.#settings.acquireTimeoutMs, onTimeout }
    this.#pending += 1
    this.#slots.take({ signal, limit }, (refused) => {
      this.#pending -= 1
      if (refused) return this.#answer(asked, refused)
      if (this.idleCount === 0) return this.#acquireSlowly(asked)
      const client = this.#takeIdle()
      if (this.#liveness.isFresh(client)) this.#answer(asked, undefined, client)
      else this.#acquireSlowly(asked, client)
    })
  }

  /** With a slot: testing or opening a connection needs a deadline. */
  #acquireSlowly(asked: Acquire, first?: IdleClient): void {
    this.#pending += 1
    const answer = (error: Error | undefined, client?: IdleClient): void => {
      this.#pending -= 1
      this.#answer(asked, error, client)
    }
    this.#takeInTime(asked.startedAt, asked.signal, first).then((client) => answer(undefined, client), answer)
  }

  /** In the caller's scope: the connection may arrive in the scope of the caller that returns it. */
  #answer({ startedAt, taker, scope, callback }: Acquire, error: Error | undefined, client?: IdleClient): void {
    const now = performance.now()
    const leased = client && this.#lease(client, now, taker, scope)
    if (leased) this.#noteAcquired(startedAt, now)
    this.#cancelScopes.within(scope, () => callback(error, leased))
  }

  #acquired(signal: AbortSignal | undefined, caller: Caller): Promise<pg.PoolClient> {
    return new Promise((resolve, reject) => {
      this.#acquire(signal, caller, (error, client) => (client ? resolve(client) : reject(error)))
    })
  }

  /** Tests connections, or waits for others, until there is a usable one for the slot held, or the time is over. */
  #takeInTime(startedAt: number, signal: AbortSignal | undefined, first?: IdleClient): Promise<IdleClient> {
    const ms = Math.max(1, startedAt + this.#settings.acquireTimeoutMs - performance.now())
    const onTimeout = (): Error => this.#timeoutError(startedAt)
    return withDeadline({ ms, signal, onTimeout }, (inner) => this.#takeUsable(inner, first))
  }

  /** After `signal` aborts nobody receives the result, so the connection and slot are returned. */
  async #takeUsable(signal: AbortSignal, first?: IdleClient): Promise<IdleClient> {
    try {
      for (let client = first ?? (await this.#checkOut(signal)); ; client = await this.#checkOut(signal)) {
        const usable = signal.aborted || (await this.#liveness.isUsable(client))
        if (signal.aborted) {
          client.release(!usable)
          throw signal.reason
        }
        if (usable) return client
        client.release(true)
      }
    } catch (error) {
      this.#giveBack()
      throw error
    }
  }

  /** Takes an idle connection, or the first that becomes free or is opened. */
  #checkOut(signal: AbortSignal): Promise<IdleClient> {
    if (this.idleCount > 0) return Promise.resolve(this.#takeIdle())
    const next = this.#queue.wait(signal)
    this.#connector.check()
    return next
  }

  #takeIdle(): IdleClient {
    return takeIdleClient(this) as IdleClient
  }

  /** Callers that wait for a connection come before callers that wait for a slot: they have waited longer. */
  #giveBack(): void {
    this.#handOn()
    this.#slots.give()
  }

  /** Hands idle connections to waiting callers. */
  #handOn(): void {
    while (this.#queue.size > 0 && this.idleCount > 0) this.#queue.next()?.(this.#takeIdle())
  }

  #lease(client: IdleClient, takenAt: number, taker: Taker | undefined, scope: CancelScope | undefined): pg.PoolClient {
    const cameBack = taker && this.#leakWatch?.watch(taker)
    const leased = lease(client, { takenAt, cameBack, leaveScope: scope?.hold(client) }, this.#onReleased)
    this.#silenceWatch.wake()
    super.emit('acquire', leased)
    return leased
  }

  /** Shared by all leases. */
  readonly #onReleased = ({ lastUsed }: PooledClient, { takenAt, cameBack, leaveScope }: Lease): void => {
    cameBack?.()
    leaveScope?.()
    const now = lastUsed.monotonicMs
    this.#usage.returned(now)
    this.#telling.tell('released', { heldMs: now - takenAt })
    this.#giveBack()
  }

  #noteAcquired(startedAt: number, now: number): void {
    this.#usage.taken(now, now - startedAt)
    this.#log.acquired(now - startedAt)
  }

  /** The connections that waiting callers and the minimum lack, within the maximum. */
  #missing(): number {
    const { total, connecting, min, max } = this.stats
    const toMinimum = this.#closing.hasBegun ? 0 : (this.#isFilling ? min : Math.min(min, 1)) - total
    return Math.min(Math.max(this.#queue.size - connecting, toMinimum), max - total)
  }

  #fill(): void {
    this.#isFilling = true
    this.#connector.check()
  }

  #openIdle(): Promise<void> {
    const startedAt = performance.now()
    return new Promise((resolve, reject) => {
      const callback: DriverCallback = (error, _client, release) => {
        if (error) return reject(mapConnectError(error, this.#settings.target))
        release()
        this.#telling.tell('opened', { openedMs: performance.now() - startedAt })
        this.#handOn()
        this.#fillTimer ??= setTimeout(() => this.#fill(), FILL_AFTER_MS).unref()
        resolve()
      }
      this.#cancelScopes.within(undefined, () => openClient(this, callback))
    })
  }

  /**
   * An error that retrying cannot fix is passed to the waiting callers immediately, unless a connection may still be
   * returned to them.
   */
  #connectFailed(error: MiyabiError, isFirst: boolean): void {
    if (isFirst) this.#log.connectFailing(error)
    const told = error instanceof HookFailure ? (error.thrown as Error) : error
    if (!error.retryable && this.#active === 0) this.#queue.refuse(told)
  }

  #timeoutError(startedAt: number): AcquireTimeoutError {
    const { name: pool, stats } = this
    const error = acquireTimeout({ pool, startedAt, stats, outage: this.#connector.outage })
    this.#telling.tell('timeout', { error })
    return error
  }

  #listen(): void {
    this.on('connect', () => {
      // The driver reads it once per new connection, so each gets a separate lifetime.
      this.options.maxLifetimeSeconds = jitteredLifetimeSeconds(this.#settings.maxLifetimeMs)
    })
    this.on('remove', (client) => {
      this.#telling.tell('discarded', { livedMs: performance.now() - (client as IdleClient).madeAt })
      this.#connector.check()
    })
    this.on('error', (cause) => {
      if (!this.#closing.hasBegun) this.#log.connectionLost(toPostgresError(cause))
    })
  }

  #watchForSilence(): SilenceWatch<PooledClient> {
    const settings = this.#settings
    return new SilenceWatch({
      clients: this.#sockets,
      isInUse: () => this.totalCount > this.idleCount,
      statementTimeoutMs: settings.statementTimeoutMs,
      askServer: (serverPids) => sessionsAtWork(settings, serverPids),
      onSilent: (client, silentMs) => client.destroy(silentError(settings.target.server, silentMs)),
    })
  }

  async #close(grace: Grace): Promise<PoolClosed> {
    const drained = await grace.covers(this.#slots.allFree())
    this.#connector.stop()
    clearTimeout(this.#fillTimer)
    this.#slots.refuse(closedError(this.name))
    this.#queue.close(closedError(this.name))
    const ended = super.end()
    ended.catch(() => {}) // without a drain it never settles
    if (drained)
      await settlesWithin(GOODBYE_MS, Promise.allSettled([...this.#sockets].map((client) => once(client, 'end'))))
    this.#silenceWatch.stop()
    const destroyed = this.#sockets.size
    for (const client of this.#sockets) client.destroy()
    const closed = { drained, destroyed }
    this.#log.closed(closed)
    return closed
  }
}

/**
 * Creates a pool. It opens `minConnections` immediately, without blocking; others on demand.
 * @throws {ConfigError} if the URL cannot be used, or a certificate file that it names cannot be read.
 */
export function createPool(given: PostgresSettings, options: PoolOptions = {}): Pool {
  const settings = resolvePostgresSettings(given)
  if (options.logger) sayDoubts(settings, redactingLogger(options.logger))
  return new Pool(settings, options)
}

/** The current state of the pool. */
export function getPoolStats(pool: Pool): PoolStats {
  return pool.stats
}
