import { isMiyabiError, MiyabiError } from '@miyabi/core'
import { meaningOf, POSTGRES_ERRORS, type PostgresErrorCode } from './codes.js'
import type { AcquireTimeoutDetails, FailureDetails, PostgresErrorDetails } from './details.js'

export type { AcquireTimeoutDetails }

/** One of the errors of the PostgreSQL side: `code` tells which, and what its `details` hold. */
export type AnyPostgresError = { [Code in PostgresErrorCode]: PostgresError<Code> }[PostgresErrorCode]

interface PostgresErrorOptions<Details> {
  readonly details?: Details
  readonly cause?: unknown
  /** What to do about it, where that is not what the code says. */
  readonly remedy?: string | undefined
  /** Where it is known that nothing was done, though the code does not say so. */
  readonly effect?: 'none'
}

/** An error of the PostgreSQL side. `retryable` and `effect` follow from the code, the type of `details` too. */
export class PostgresError<Code extends PostgresErrorCode = PostgresErrorCode> extends MiyabiError<
  Code,
  PostgresErrorDetails<Code>
> {
  override readonly name: string = 'PostgresError'

  /** @param reason what happened, where that is more than the code says. */
  constructor(code: Code, reason?: string, options: PostgresErrorOptions<PostgresErrorDetails<Code>> = {}) {
    const { retryable, effect, ...usual } = meaningOf(code)
    super(code, reason ?? usual.reason, { remedy: usual.remedy, effect, ...options, retryable })
  }

  /**
   * Prisma wraps what its adapter throws and copies `meta` into the error a caller sees; through this,
   * `mapPostgresError` finds the original again.
   */
  get meta(): { readonly postgresError: unknown } {
    return { postgresError: this }
  }
}

/** Makes an error of a code that is known only at run time, with details that fit it. */
export function postgresError(
  code: PostgresErrorCode,
  reason: string,
  options: PostgresErrorOptions<FailureDetails>,
): AnyPostgresError {
  return new PostgresError(code, reason, options as object) as AnyPostgresError
}

/**
 * Whether an error is one of the PostgreSQL side, and with codes given, whether it has one of those, with its details.
 */
export function isPostgresError<Code extends PostgresErrorCode = PostgresErrorCode>(
  error: unknown,
  ...codes: readonly Code[]
): error is Extract<AnyPostgresError, { readonly code: Code }> {
  return isMiyabiError(error, ...codes) && Object.hasOwn(POSTGRES_ERRORS, error.code)
}

/** No connection became free within DB_ACQUIRE_TIMEOUT. No work was started. */
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
              'look for long transactions or a connection that is never released, then raise DB_MAX_CONNECTIONS',
            ]
          : ['connections are still being opened', 'look at the server and the network, or raise DB_ACQUIRE_TIMEOUT']
    const reason = `Pool ${pool}: no connection within ${waitedMs} ms (${counts}): ${why}`
    super('postgres.pool.acquire_timeout', reason, { details, cause, remedy })
  }
}
