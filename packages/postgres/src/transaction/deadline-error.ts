import { defined } from '@miyabi/core'
import type { DeadlineDetails } from '../errors/details.js'
import { PostgresError } from '../errors/errors.js'

/** A day. Timers of the runtime and the server are limited to 24 days, and fire immediately beyond that. */
const MAX_DEADLINE_MS = 86_400_000

/**
 * Rejects a deadline that a timer could not represent.
 * @throws {PostgresError} `postgres.invalid_query`
 */
export function assertDeadline(deadlineMs: number): void {
  if (deadlineMs > 0 && deadlineMs <= MAX_DEADLINE_MS) return
  throw new PostgresError(
    'postgres.invalid_query',
    `deadlineMs is ${deadlineMs}; expected milliseconds above 0, and at most ${MAX_DEADLINE_MS}`,
    { details: { argument: 'deadlineMs' } },
  )
}

const WHERE = {
  acquire: 'it was waiting for a connection',
  work: 'its work was still running',
  commit: 'its COMMIT was still running',
  pause: 'it was pausing before another attempt',
} as const

/** Creates the error of a passed deadline, with the state at that moment. */
export function deadlineError(
  state: Omit<DeadlineDetails, 'elapsedMs' | 'lastFailure'> & {
    readonly startedAt: number
    readonly lastFailure: string | undefined
  },
): PostgresError<'postgres.deadline'> {
  const { startedAt, deadlineMs, attempt, phase, pool, lastFailure } = state
  const elapsedMs = Math.round(performance.now() - startedAt)
  const counts = `total ${pool.total}, active ${pool.active}, idle ${pool.idle}, waiting ${pool.waiting}, max ${pool.max}`
  const before = lastFailure === undefined ? '' : `, the previous one ended with ${lastFailure}`
  return new PostgresError(
    'postgres.deadline',
    `Not done within ${deadlineMs} ms; nothing was committed: ${WHERE[phase]} (attempt ${attempt}${before}; pool: ${counts})`,
    {
      remedy: 'shorten the work, or raise deadlineMs',
      details: { deadlineMs, elapsedMs, attempt, phase, pool, ...defined({ lastFailure }) },
    },
  )
}
