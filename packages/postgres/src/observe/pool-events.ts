import type { MiyabiError } from '@miyabi/core'
import type { AcquireTimeoutError } from '../errors/errors.js'
import type { PoolStats } from '../stats.js'

/** How a pool was closed. */
export interface PoolClosed {
  /** Whether all work in flight ended within the grace period. */
  readonly drained: boolean
  /** Connections that were closed forcibly because it did not. */
  readonly destroyed: number
}

/** The events of a pool, by name. Times are in milliseconds. */
export interface PoolEvents {
  /** A caller got a connection after this wait. */
  acquired: { readonly waitedMs: number }
  /** A caller returned a connection that it held for this time. */
  released: { readonly heldMs: number }
  /** A caller's wait ended with an error. */
  timeout: { readonly error: AcquireTimeoutError }
  /** A caller waited for more than a second, and got one. */
  slow_acquire: { readonly waitedMs: number }
  /** A connection is open: its login and check took this time. */
  opened: { readonly openedMs: number }
  /** A connection left the pool, after this lifetime. */
  discarded: { readonly livedMs: number }
  /** No connection can be opened; reported once, when an outage begins. */
  connect_failing: { readonly error: MiyabiError }
  /** Connections can be opened again. */
  connect_recovered: { readonly failures: number; readonly downMs: number }
  /** An idle connection broke. */
  connection_lost: { readonly error: MiyabiError }
  /** An idle connection failed its test and was replaced. */
  test_failed: { readonly error: Error }
  /** A connection is held for longer than the threshold; `stack` shows where it was taken. */
  leak_suspected: { readonly heldMs: number; readonly stack: string }
  /** Such a connection was returned. */
  leak_recovered: { readonly heldMs: number; readonly stack: string }
  /** The pool has closed. */
  closed: PoolClosed
}

/** One event of a pool, with the figures of that moment. `name` determines the event and its other fields. */
export type PoolEvent = {
  readonly [Name in keyof PoolEvents]: {
    readonly name: Name
    readonly pool: string
    readonly stats: PoolStats
  } & PoolEvents[Name]
}[keyof PoolEvents]

export type PoolObserver = (event: PoolEvent) => void
