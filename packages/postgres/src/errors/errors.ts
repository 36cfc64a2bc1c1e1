import { isMiyabiError, MiyabiError } from '@miyabi/core'
import { meaningOf, POSTGRES_ERRORS, type PostgresErrorCode } from './codes.js'
import type { AcquireTimeoutDetails, FailureDetails, PostgresErrorDetails } from './details.js'

export type { AcquireTimeoutDetails }

/** An error of the PostgreSQL side: `code` determines the error and the type of its `details`. */
export type AnyPostgresError = { [Code in PostgresErrorCode]: PostgresError<Code> }[PostgresErrorCode]

interface PostgresErrorOptions<Details> {
  readonly details?: Details
  readonly cause?: unknown
  /** What to do about it, if different from the code's remedy. */
  readonly remedy?: string | undefined
  /** Set if it is known that nothing was done, although the code does not imply it. */
  readonly effect?: 'none'
}

/** An error of the PostgreSQL side. `retryable` and `effect` follow from the code, as does the type of `details`. */
export class PostgresError<Code extends PostgresErrorCode = PostgresErrorCode> extends MiyabiError<
  Code,
  PostgresErrorDetails<Code>
> {
  override readonly name: string = 'PostgresError'

  /** @param reason what happened, if more specific than the code. */
  constructor(code: Code, reason?: string, options: PostgresErrorOptions<PostgresErrorDetails<Code>> = {}) {
    const { retryable, effect, ...usual } = meaningOf(code)
    super(code, reason ?? usual.reason, { remedy: usual.remedy, effect, ...options, retryable })
  }

  /**
   * Prisma wraps what its adapter throws and copies `meta` into the error a caller sees; through this,
   * `mapPostgresError` recovers the original.
   */
  get meta(): { readonly postgresError: unknown } {
    return { postgresError: this }
  }
}

/** Creates an error whose code is known only at run time, with matching details. */
export function postgresError(
  code: PostgresErrorCode,
  reason: string,
  options: PostgresErrorOptions<FailureDetails>,
): AnyPostgresError {
  return new PostgresError(code, reason, options as object) as AnyPostgresError
}

/**
 * Returns whether an error is one of the PostgreSQL side and, if codes are passed, has one of them; narrows its
 * details.
 */
export function isPostgresError<Code extends PostgresErrorCode = PostgresErrorCode>(
  error: unknown,
  ...codes: readonly Code[]
): error is Extract<AnyPostgresError, { readonly code: Code }> {
  return isMiyabiError(error, ...codes) && Object.hasOwn(POSTGRES_ERRORS, error.code)
}

/** No connection became available within DB_ACQUIRE_TIMEOUT. No work was started. */
export class AcquireTimeoutError extends PostgresError<'postgres.pool.acquire_timeout'> {
  override readonly name = 'AcquireTimeoutError'

  constructor(details: AcquireTimeoutDetails, cause?: MiyabiError) {
    const { pool, waitedMs, total, active, idle, connecting, waiting, max, lastConnectFailure } = details
    const counts = `total ${total}, active ${active}, idle ${idle}, connecting ${connecting}, waiting ${waiting}, max ${max}`
    const [why, remedy] =
      lastConnectFailure && cause
        ? [`the last attempt to connect, ${lastConnectFailure.agoMs} ms ago, failed: ${cause.reason}`, cause.remedy]
        : active >= max
          ? [
              'all connections are in use',
              'check for long transactions and connections that are never released, then raise DB_MAX_CONNECTIONS',
            ]
          : ['connections are still being opened', 'check the server and the network, or raise DB_ACQUIRE_TIMEOUT']
    const reason = `Pool ${pool}: no connection within ${waitedMs} ms (${counts}): ${why}`
    super('postgres.pool.acquire_timeout', reason, { details, cause, remedy })
  }
}
