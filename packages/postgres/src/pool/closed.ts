import { PostgresError } from '../errors/errors.js'

/** What a pool that is closed answers. */
export function closedError(pool: string): PostgresError {
  return new PostgresError('postgres.pool.closed', `Pool ${pool} is closed: it hands out no more connections`)
}
