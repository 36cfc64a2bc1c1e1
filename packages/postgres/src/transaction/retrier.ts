import { defined, fullJitter, type Logger, type RetryBudget, sleep } from '@miyabi/core'
import type { PostgresErrorCode } from '../errors/codes.js'
import type { GaveUp } from '../errors/details.js'
import { type AnyPostgresError, isPostgresError, postgresError } from '../errors/errors.js'
import { isDatabaseError, toPostgresError } from '../errors/map-error.js'
import type { RetryTelling } from '../observe/retry-telling.js'
import type { PoolStats } from '../stats.js'

/** The pause before retry n, from 0, is uniform in [0, min(1000, 10 * 2^n)) ms. */
const BACKOFF = { initialMs: 10, maxMs: 1000 }

/** Failures to get a connection. They continue a retry that another failure started, but do not start one. */
const NO_CONNECTION: ReadonlySet<PostgresErrorCode> = new Set([
  'postgres.unreachable',
  'postgres.connect_timeout',
  'postgres.unavailable',
  'postgres.too_many_connections',
])

/**
 * Failures caused by concurrent work. A lost connection is not one of them: a caller that lost one waits behind all
 * others for the next.
 */
const SIGNS_OF_LOAD: ReadonlySet<PostgresErrorCode> = new Set([
  'postgres.serialization_failure',
  'postgres.deadlock',
  'postgres.too_many_connections',
])

/** The failures after which a read may be retried. */
export const READ_RETRIES: ReadonlySet<PostgresErrorCode> = new Set(['postgres.connection_lost'])

/** What is attempted, and for how long. */
export interface Tries<T> {
  /** For the log and observers. */
  readonly what: 'transaction' | 'read'
  /** Makes one attempt, numbered from 1. */
  readonly attempt: (attempt: number) => Promise<T>
  /** The failures after which the same call may be retried. */
  readonly on: ReadonlySet<PostgresErrorCode>
  /** Milliseconds to the deadline. */
  readonly remainingMs: () => number
  readonly signal?: AbortSignal
  /** Called before a pause. */
  readonly onPause?: (failure: AnyPostgresError, nextAttempt: number) => void
}

/**
 * Makes attempts until one succeeds: with full jitter between them, within a deadline, from a shared budget, and never
 * after a conflict while callers wait for the pool, because a retry would only delay them.
 */
export class Retrier {
  readonly #budget: RetryBudget
  readonly #stats: () => PoolStats
  readonly #logger: Logger
  readonly #telling: RetryTelling | undefined

  /** @param telling receives each decision. */
  constructor(budget: RetryBudget, stats: () => PoolStats, logger: Logger, telling?: RetryTelling) {
    this.#budget = budget
    this.#stats = stats
    this.#logger = logger
    this.#telling = telling
  }

  /** @throws the last attempt's error; one of our errors gets `attempts`, and `gaveUp` if another attempt was due. */
  async run<T>(tries: Tries<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await tries.attempt(attempt)
      } catch (error) {
        if (!isDatabaseError(error)) throw error
        const failure = toPostgresError(error)
        const isWorthIt = tries.on.has(failure.code) || (attempt > 1 && NO_CONNECTION.has(failure.code))
        const gaveUp = isWorthIt ? await this.#pause(tries, failure, attempt) : undefined
        if (isWorthIt && gaveUp === undefined) continue
        throw told(error, attempt, gaveUp)
      }
    }
  }

  /** A call that lost a race for a row is retried immediately, which is reported and needs nothing else. */
  raced(what: 'transaction' | 'upsert', attempt: number): void {
    this.#telling?.tell({ what, attempt, code: 'postgres.unique_violation', gaveUp: undefined })
  }

  /** Waits for the next attempt; returns why there is none. */
  async #pause<T>(tries: Tries<T>, failure: AnyPostgresError, attempt: number): Promise<GaveUp | undefined> {
    const pauseMs = fullJitter(attempt - 1, BACKOFF)
    tries.onPause?.(failure, attempt + 1)
    let gaveUp: GaveUp | undefined = pauseMs >= tries.remainingMs() ? 'deadline' : undefined
    if (!gaveUp) {
      await sleep(pauseMs, tries.signal)
      if (SIGNS_OF_LOAD.has(failure.code) && isSaturated(this.#stats())) gaveUp = 'saturated'
      else if (!this.#budget.take()) gaveUp = 'budget'
    }
    const { code } = failure
    const facts = { what: tries.what, attempt, code }
    this.#telling?.tell({ ...facts, gaveUp })
    if (gaveUp) this.#logger.warn({ event: 'postgres.retry_given_up', ...facts, gaveUp }, `not retried: ${gaveUp}`)
    else this.#logger.debug({ event: 'postgres.retry', ...facts, pauseMs }, `retried after ${code}`)
    return gaveUp
  }
}

/**
 * Whether callers wait although every connection is in use. Callers that only wait for one to be opened are not blocked
 * by a retry.
 */
function isSaturated({ waiting, active, max }: PoolStats): boolean {
  return waiting > 0 && active >= max
}

/** The same error with the number of attempts. Errors of other code, including Prisma's, stay unchanged. */
function told(error: unknown, attempts: number, gaveUp: GaveUp | undefined): unknown {
  if (!isPostgresError(error) || (attempts === 1 && gaveUp === undefined)) return error
  const { code, reason, remedy, details, cause, effect } = error
  if (code === 'postgres.deadline' || code === 'postgres.pool.acquire_timeout') return error // they contain more already
  return postgresError(code, reason, {
    details: { ...details, attempts, ...defined({ gaveUp }) },
    cause,
    remedy,
    ...(effect === 'none' && { effect }),
  })
}
