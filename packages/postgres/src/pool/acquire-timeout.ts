import { AcquireTimeoutError } from '../errors/errors.js'
import type { PoolStats } from '../stats.js'
import type { Outage } from './connector.js'

/** A wait for a connection that took too long. `startedAt` is from `performance.now()`. */
export interface LongWait {
  readonly pool: string
  readonly startedAt: number
  readonly stats: PoolStats
  /** Set if none could be opened. */
  readonly outage: Outage | undefined
}

/** Creates the error of such a wait: the pool's current state, and why no connection could be opened. */
export function acquireTimeout({ pool, startedAt, stats, outage }: LongWait): AcquireTimeoutError {
  const now = performance.now()
  const lastConnectFailure = outage && {
    code: outage.lastError.code,
    message: outage.lastError.message,
    agoMs: Math.round(now - outage.lastFailedAt),
  }
  const details = { pool, waitedMs: Math.round(now - startedAt), ...stats }
  return new AcquireTimeoutError(lastConnectFailure ? { ...details, lastConnectFailure } : details, outage?.lastError)
}
