import { DEFAULT_GRACE_MS, type Logger, sleep } from '@miyabi/core'
import { PostgresError } from '../errors/errors.js'
import { toPostgresError } from '../errors/map-error.js'
import { loginCheck } from '../identity/login-check.js'
import type { PostgresHooks } from '../observe/postgres-hooks.js'
import { createPool, type Pool } from '../pool/pool.js'
import type { Position } from '../position/position.js'
import type { ResolvedSettings } from '../settings/resolve.js'
import type { ReplicaProblem } from '../stats.js'
import { type ReplicaState, startOf, Watch } from './watch.js'

/** The delay before a replica's progress is checked again, in milliseconds. */
const POLL_MS = 2
/** The delay between two checks of an ejected replica, in milliseconds. */
const BACKOFF = { firstMs: 250, maxMs: 30_000 }

/** A replica that fails again within this time pauses longer, even if it was healthy in between. In milliseconds. */
const STABLE_MS = 30_000

export interface ReplicaOptions {
  readonly settings: ResolvedSettings
  /** `replica-1`. */
  readonly name: string
  readonly logger: Logger
  readonly hooks: PostgresHooks
  readonly mayServe: boolean
}

/** The period from one start of a server to the next: a later read from it is never older than an earlier one. */
export interface ReplicaSource {
  /** A position that includes everything read from it so far. */
  readonly position: () => Promise<Position>
}

interface Waiter {
  readonly lsn: bigint
  readonly resolve: (reached: boolean) => void
}

/** One replica: its pool, its health, and its progress. */
export class Replica {
  readonly name: string
  readonly #options: ReplicaOptions
  readonly #watch: Watch
  readonly #waiters = new Set<Waiter>()
  #pool: Pool | undefined
  #problem: ReplicaProblem | undefined = 'unknown'
  #reason = ''
  #state: ReplicaState | undefined
  #source: ReplicaSource = { position: () => Promise.reject(new PostgresError('postgres.unreachable')) }
  /** The history in which it was healthy. */
  #wellIn: string | undefined
  /** Consecutive failures: being healthy for `STABLE_MS` resets the count. */
  #failures = 0
  #wellSince = 0
  #lookAt = 0
  #isPolling = false
  #isClosed = false
  /** Its minimum lag, calculated from the time at which the primary was at its position. */
  lagMs: number | undefined
  /** The number of statements it has answered. */
  reads = 0

  constructor(options: ReplicaOptions) {
    this.name = options.name
    this.#options = options
    this.#watch = new Watch(options.settings)
  }

  get problem(): ReplicaProblem | undefined {
    return this.#problem
  }

  get reason(): string {
    return this.#reason
  }

  get server(): string {
    const { host, port } = this.#options.settings.target
    return `${host}:${port}`
  }

  /** The history that it follows. */
  get history(): string | undefined {
    return this.#state?.history
  }

  get replayed(): bigint {
    return this.#state?.replayed ?? 0n
  }

  /**
   * The start time of the server that each statement must reach, if a connection does not guarantee this: a pooler
   * routes one connection to several servers, one after another.
   */
  get pinnedTo(): string | undefined {
    return this.#options.settings.pooler === 'none' ? undefined : this.#state?.startedAt
  }

  get source(): ReplicaSource {
    return this.#source
  }

  /**
   * Opened with the first read; replaced after it was unreachable.
   * @throws {PostgresError} `postgres.pool.closed` after `close()`.
   */
  get pool(): Pool {
    if (this.#isClosed) throw new PostgresError('postgres.pool.closed')
    this.#pool ??= this.#openPool()
    return this.#pool
  }

  #openPool(): Pool {
    const { settings, name, logger, hooks, mayServe } = this.#options
    const mayLogin = loginCheck(settings, logger, mayServe)
    return createPool(settings, {
      name,
      logger,
      hooks,
      onConnect: async (client) => {
        await mayLogin(client)
        // After a restart it may be behind earlier reads from it.
        if ((await startOf(client)) === this.#state?.startedAt) return
        this.eject('unreachable', 'it was restarted')
        throw new PostgresError('postgres.unavailable')
      },
    })
  }

  /** Connections in use, and callers waiting for one. */
  get load(): number {
    const { active = 0, waiting = 0 } = this.#pool?.stats ?? {}
    return active + waiting
  }

  /** Whether it should be checked now: an unhealthy one is checked only occasionally. */
  get isDue(): boolean {
    return performance.now() >= this.#lookAt
  }

  /**
   * Checks the replica.
   * @param primary the primary's recent position; undefined if it did not report one.
   * @param lagOf returns how long ago the primary was at a position.
   */
  async look(primary: Position | undefined, lagOf: (state: ReplicaState) => number, maxLagMs: number): Promise<void> {
    const before = this.#state
    try {
      const state = await this.#watch.ask()
      this.#take(state)
      // Without the primary's position, the last observed state is kept.
      if (primary === undefined && state.history !== this.#wellIn) return
      this.lagMs = primary === undefined ? undefined : lagOf(state)
      if (!state.isStandby) this.eject('promoted', 'it is not a standby')
      else if (primary !== undefined && state.history !== primary.history)
        this.eject('other_history', `it follows ${state.history}, and the primary is ${primary.history}`)
      else if (primary !== undefined && before?.startedAt === state.startedAt && before.replayed > primary.lsn)
        this.eject('other_history', 'it is ahead of the primary')
      else if (this.lagMs !== undefined && this.lagMs > maxLagMs)
        this.eject('lagging', `it is ${Math.round(this.lagMs)} ms behind or more`)
      else this.#isWell()
    } catch (error) {
      this.eject('unreachable', toPostgresError(error).reason)
    }
  }

  /** Ejects it until it is healthy. It is checked again after a short delay at first, then less and less often. */
  eject(problem: Exclude<ReplicaProblem, 'unknown'>, reason: string): void {
    if (this.#isClosed) return
    const isNew = this.#problem !== problem
    const wasStable = this.#problem === undefined && performance.now() - this.#wellSince > STABLE_MS
    this.#problem = problem
    this.#reason = reason
    if (wasStable) this.#failures = 0
    const pauseMs = Math.min(BACKOFF.maxMs, BACKOFF.firstMs * 2 ** Math.min(this.#failures, 10))
    this.#lookAt = problem === 'lagging' ? 0 : performance.now() + pauseMs
    if (problem !== 'lagging') this.#failures += 1
    const { name, server } = this
    if (isNew)
      this.#options.logger.warn(
        { event: 'postgres.replica.ejected', replica: name, problem, reason },
        `${name} (${server}) is not used for reads: ${reason}`,
      )
    if (problem === 'lagging') return
    // Pending reads on it are canceled and repeated on the primary.
    const pool = this.#pool
    this.#pool = undefined
    void pool?.close(0)
  }

  /** Whether it has replayed everything up to `lsn`, now or within `ms`. */
  reaches(lsn: bigint, ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const waiter: Waiter = {
        lsn,
        resolve: (reached) => {
          clearTimeout(timer)
          this.#waiters.delete(waiter)
          resolve(reached)
        },
      }
      const timer = setTimeout(() => waiter.resolve(false), Math.max(0, ms))
      this.#waiters.add(waiter)
      if (!this.#isPolling) void this.#poll()
    })
  }

  /** Whether a caller is waiting for its progress: callers that arrive in the meantime need not try. */
  isKnownBehind(lsn: bigint): boolean {
    return this.#isPolling && this.replayed < lsn
  }

  /** Closing the pool is limited by the grace period. */
  async close(graceMs: number = DEFAULT_GRACE_MS): Promise<boolean> {
    this.#isClosed = true
    this.#watch.close()
    for (const waiter of this.#waiters) waiter.resolve(false)
    return (await this.#pool?.close(graceMs))?.drained ?? true
  }

  canceling<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return this.#problem === undefined ? this.pool.canceling(signal, work) : work()
  }

  #isWell(): void {
    if (this.#isClosed) return
    if (this.#problem !== undefined) {
      this.#wellSince = performance.now()
      const { name, server } = this
      const message = `${name} (${server}) is used for reads again`
      this.#options.logger.info({ event: 'postgres.replica.up', replica: name }, message)
    }
    this.#wellIn = this.history
    this.#problem = undefined
    this.#reason = ''
    this.#lookAt = 0
  }

  #take(state: ReplicaState): void {
    if (state.startedAt !== this.#state?.startedAt) this.#source = this.#newSource(state.startedAt)
    this.#state = state
  }

  #newSource(startedAt: string): ReplicaSource {
    return {
      position: async () => {
        const state = await this.#watch.ask()
        if (state.startedAt !== startedAt) throw new PostgresError('postgres.unavailable')
        // A row is visible slightly before the position after it is reported: if more was received, this may apply now.
        const lsn = state.received === state.replayed ? state.replayed : state.replayed + 1n
        return { history: state.history, lsn }
      },
    }
  }

  /** Runs for all waiting callers, as long as there are any. */
  async #poll(): Promise<void> {
    this.#isPolling = true
    try {
      while (this.#waiters.size > 0 && !this.#isClosed) {
        await sleep(POLL_MS)
        const state = await this.#watch.ask()
        this.#take(state)
        for (const waiter of this.#waiters) if (waiter.lsn <= state.replayed) waiter.resolve(true)
      }
    } catch {
      for (const waiter of this.#waiters) waiter.resolve(false)
    } finally {
      this.#isPolling = false
    }
  }
}
