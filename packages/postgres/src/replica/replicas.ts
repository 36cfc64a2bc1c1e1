import { ConfigError, type Logger, settlesWithin } from '@miyabi/core'
import type { PostgresHooks } from '../observe/postgres-hooks.js'
import type { Position } from '../position/position.js'
import { replicaName } from '../settings/replica-settings.js'
import type { ResolvedSettings } from '../settings/resolve.js'
import type { ReplicasStats, ToPrimary } from '../stats.js'
import { Replica } from './replica.js'
import type { ReplicaState } from './watch.js'

/** Interval between checks of replicas in use, in milliseconds. */
const LOOK_MS = 1_000
/** The time without reads after which they are no longer checked, in milliseconds. */
const UNUSED_MS = 60_000

/** The maximum that a timer accepts. */
const MOST_MS = 2 ** 31 - 1

/** The options for reading from replicas. Times are in milliseconds. */
export interface ReplicaLimits {
  /**
   * How long a read waits for a replica to reach the required position before it is sent to the primary. Default 50.
   */
  readonly waitMs?: number
  /** The lag beyond which a replica is not used. Default 5,000. */
  readonly maxLagMs?: number
}

export interface ReplicasOptions {
  readonly settings: readonly ResolvedSettings[]
  readonly limits: ReplicaLimits
  readonly logger: Logger
  readonly hooks: PostgresHooks
  readonly mayServe: boolean
  /** Returns the primary's position. */
  readonly primary: () => Promise<Position>
}

/** The replicas of one login, and which of them to read from. */
export class Replicas {
  readonly waitMs: number
  readonly #maxLagMs: number
  readonly #primary: () => Promise<Position>
  readonly #replicas: readonly Replica[]
  readonly #toPrimary: Record<ToPrimary, number> = {
    none_up: 0,
    behind: 0,
    history: 0,
    conflict: 0,
    lost: 0,
    schema: 0,
  }
  /** The primary's positions, the latest last. */
  #trail: { readonly at: number; readonly position: Position }[] = []
  #looking: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #usedAt = 0
  #isClosed = false

  constructor({ settings, limits, primary, ...shared }: ReplicasOptions) {
    assertLimits(limits)
    this.waitMs = limits.waitMs ?? 50
    this.#maxLagMs = limits.maxLagMs ?? 5_000
    this.#primary = primary
    this.#replicas = settings.map(
      (one, index) => new Replica({ ...shared, settings: one, name: replicaName(index, shared.mayServe) }),
    )
  }

  /**
   * Returns the first candidate without a promise or a list, which is sufficient for nearly every read. Undefined if
   * none is healthy, or if they must be checked first.
   */
  firstCandidate(before: Replica | undefined): Replica | undefined {
    this.#usedAt = performance.now()
    if (this.#timer === undefined || this.#isClosed) return undefined
    if (before !== undefined && before.problem === undefined) return before
    let first: Replica | undefined
    for (const replica of this.#replicas)
      if (replica.problem === undefined && (first === undefined || byLoad(replica, first) < 0)) first = replica
    return first
  }

  /** Returns the healthy ones: the one the caller used before, then the least busy ones. */
  async candidates(before: Replica | undefined): Promise<readonly Replica[]> {
    this.#usedAt = performance.now()
    if (this.#timer === undefined && !this.#isClosed) {
      this.#schedule()
      await settlesWithin(this.waitMs, this.#look())
    }
    const well = this.#isClosed ? [] : this.#replicas.filter(({ problem }) => problem === undefined)
    return well.sort((one, other) => Number(other === before) - Number(one === before) || byLoad(one, other))
  }

  goesToPrimary(why: ToPrimary): void {
    this.#toPrimary[why] += 1
  }

  get stats(): ReplicasStats {
    const replicas = this.#replicas.map((replica) => {
      const { name, server, problem, reason, lagMs, reads } = replica
      return {
        name,
        server,
        ...(problem !== undefined && { problem, reason }),
        ...(lagMs !== undefined && { lagMs }),
        reads,
      }
    })
    return { replicas, toPrimary: { ...this.#toPrimary } }
  }

  /** Checks all of them now: for health, which is requested independently of reads. */
  async look(): Promise<ReplicasStats> {
    await this.#look()
    return this.stats
  }

  /** Runs `work`: its queries on replicas are canceled when `signal` aborts. */
  canceling<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return this.#replicas.reduce<() => Promise<T>>((inner, replica) => () => replica.canceling(signal, inner), work)()
  }

  async close(graceMs: number): Promise<boolean> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    return (await Promise.all(this.#replicas.map((replica) => replica.close(graceMs)))).every(Boolean)
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      void this.#look().finally(() => {
        this.#timer = undefined
        if (performance.now() - this.#usedAt < UNUSED_MS && !this.#isClosed) this.#schedule()
      })
    }, LOOK_MS)
    this.#timer.unref()
  }

  #look(): Promise<void> {
    this.#looking ??= this.#lookAtAll().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  async #lookAtAll(): Promise<void> {
    const due = this.#replicas.filter(({ problem, isDue }) => problem === undefined || isDue)
    if (due.length === 0) return
    const at = performance.now()
    let position: Position | undefined
    const asked = this.#primary().then((found) => {
      position = found
    })
    await settlesWithin(LOOK_MS, asked)
    if (position) this.#note(at, position)
    await Promise.all(due.map((replica) => replica.look(position, (state) => this.#lagOf(state), this.#maxLagMs)))
  }

  #note(at: number, position: Position): void {
    if (this.#trail.at(-1)?.position.history !== position.history) this.#trail = []
    const oldest = at - this.#maxLagMs - 2 * LOOK_MS
    this.#trail = [...this.#trail.filter((one) => one.at >= oldest), { at, position }]
  }

  /**
   * The minimum time for which the primary has been ahead of a replica: from observed positions of the primary, not
   * from the clocks of two servers; the clocks are used only if the primary was not observed for long enough.
   */
  #lagOf({ replayed, sinceCommitMs }: ReplicaState): number {
    const ahead = this.#trail.find(({ position }) => position.lsn > replayed)
    if (ahead === undefined) return 0
    const lagMs = performance.now() - ahead.at
    return ahead === this.#trail[0] && lagMs < this.#maxLagMs ? Math.max(lagMs, sinceCommitMs) : lagMs
  }
}

/** @throws {ConfigError} for limits that are not times. */
function assertLimits(limits: ReplicaLimits): void {
  const faults = Object.entries(limits).flatMap(([name, ms]: [string, unknown]) => {
    if (ms === undefined || (typeof ms === 'number' && ms >= 0 && ms <= MOST_MS)) return []
    return {
      name: `replicas.${name}`,
      problem: `${String(ms)} is not a time`,
      expected: '0 to 2147483647 milliseconds',
    }
  })
  if (faults.length > 0) throw new ConfigError(faults)
}

const byLoad = (one: Replica, other: Replica): number => one.load - other.load || one.reads - other.reads
