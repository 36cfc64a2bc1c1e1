import type { InternalsCheck } from '@miyabi/core'
import { meaningOf } from '../errors/codes.js'
import { PostgresError } from '../errors/errors.js'

/**
 * Ends a start with a driver, an adapter or a client that lacks what is used of it, before that fails in some other
 * way.
 * @throws {PostgresError} `postgres.internals_missing`
 */
export function assertInternals({ problem }: Pick<InternalsCheck<string>, 'problem'>): void {
  if (problem === undefined) return
  const { message, missing } = problem
  throw new PostgresError(
    'postgres.internals_missing',
    `${meaningOf('postgres.internals_missing').reason}: ${message}`,
    {
      details: { missing },
    },
  )
}
