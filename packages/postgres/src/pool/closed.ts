import { PostgresError } from '../errors/errors.js'

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
