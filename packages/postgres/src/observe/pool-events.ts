import type { MiyabiError } from '@miyabi/core'
import type { AcquireTimeoutError } from '../errors/errors.js'
import type { PoolStats } from '../stats.js'

/** How a pool came to its end. */
export interface PoolClosed {
  /** Whether all work in flight ended within the grace period. */
  readonly drained: boolean
  /** Connections that were cut because it did not. */
  readonly destroyed: number
}

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
  /** A connection is open: its login and the look at it took so long. */
  opened: { readonly openedMs: number }
  /** A connection is no part of the pool any more, after so long a life. */
  discarded: { readonly livedMs: number }
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
