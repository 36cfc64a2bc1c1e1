import { withDeadline } from '@miyabi/core'
import { PostgresError } from '../errors/errors.js'

/** How long closing waits for work in flight where nothing else is said. */
export const DEFAULT_GRACE_MS = 10_000

/** How a pool came to its end. */
export interface PoolClosed {
  /** Whether all work in flight ended within the grace period. */
  readonly drained: boolean
  /** Connections that were cut because it did not. */
  readonly destroyed: number
}

/** What a pool that is closed answers. */
export function closedError(pool: string): PostgresError {
  return new PostgresError('postgres.pool.closed', `Pool ${pool} is closed: it hands out no more connections`)
}

/** Whether `work` settles in time; its own failure counts as settled. */
export async function settlesWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  const late = new Error()
  try {
    await withDeadline({ ms, onTimeout: () => late }, () => work)
    return true
  } catch (error) {
    return error !== late
  }
}
