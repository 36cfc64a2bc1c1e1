import { PostgresError } from '../errors/errors.js'

/** The error of a closed pool. */
export function closedError(pool: string): PostgresError {
  return new PostgresError('postgres.pool.closed', `Pool ${pool} is closed and hands out no more connections`)
}
