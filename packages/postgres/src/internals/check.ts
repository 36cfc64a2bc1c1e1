import type { InternalsCheck } from '@miyabi/core'
import { meaningOf } from '../errors/codes.js'
import { PostgresError } from '../errors/errors.js'

/**
 * Fails at startup if the driver, the adapter or the client lacks a member that is used, before that fails in some
 * other way.
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
