import type { MiyabiError } from '@miyabi/core'
import type { AcquireTimeoutError } from '../errors/errors.js'
import type { PoolStats } from '../stats.js'
import type { PoolClosed } from './closed.js'

/** What a pool tells its observers, by name. Times are in milliseconds. */
export interface PoolEvents {
  /** A caller has a connection, after so long a wait. */
  acquired: { readonly waitedMs: number }
  /** A caller gave one back that it held for so long. */
  released: { readonly heldMs: number }
  /** A caller gave up. */
  timeout: { readonly error: AcquireTimeoutError }
  /** A caller waited for more than a second, and has one. */
  slow_acquire: { readonly waitedMs: number }
  /** No connection can be opened; said once, when that begins. */
  connect_failing: { readonly error: MiyabiError }
  /** Connections can be opened again. */
  connect_recovered: { readonly failures: number; readonly downMs: number }
  /** An idle connection broke. */
  connection_lost: { readonly error: MiyabiError }
  /** An idle connection failed its test and was replaced. */
  test_failed: { readonly error: Error }
  /** A connection is held for longer than the threshold; `stack` tells who took it. */
  leak_suspected: { readonly heldMs: number; readonly stack: string }
  /** Such a connection came back. */
  leak_recovered: { readonly heldMs: number; readonly stack: string }
  /** The pool has closed. */
  closed: PoolClosed
}

/** One event of a pool, with the figures of that moment. `name` tells which, and what else it holds. */
export type PoolEvent = {
  readonly [Name in keyof PoolEvents]: {
    readonly name: Name
    readonly pool: string
    readonly stats: PoolStats
  } & PoolEvents[Name]
}[keyof PoolEvents]

export type PoolObserver = (event: PoolEvent) => void

/** Those who observe a pool. With nobody observing, telling costs a comparison. */
export class PoolObservers {
  readonly #pool: string
  readonly #stats: () => PoolStats
  readonly #onFailed: (error: unknown) => void
  readonly #observers = new Set<PoolObserver>()

  /** @param onFailed is told what an observer threw: it must not reach the pool, whose own work would break. */
  constructor(pool: string, stats: () => PoolStats, onFailed: (error: unknown) => void) {
    this.#pool = pool
    this.#stats = stats
    this.#onFailed = onFailed
  }

  get isEmpty(): boolean {
    return this.#observers.size === 0
  }

  /** Returns what ends it. */
  add(observer: PoolObserver): () => void {
    this.#observers.add(observer)
    return () => this.#observers.delete(observer)
  }

  tell<Name extends keyof PoolEvents>(name: Name, facts: PoolEvents[Name]): void {
    if (this.isEmpty) return
    const event = { name, pool: this.#pool, stats: this.#stats(), ...facts } as PoolEvent
    for (const observer of this.#observers) {
      try {
        observer(event)
      } catch (error) {
        this.#onFailed(error)
      }
    }
  }
}
