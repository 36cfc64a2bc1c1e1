import { type Effect, isMiyabiError, MiyabiError } from '@miyabi/core'
import type { AcquireTimeoutDetails, FailureDetails, PostgresErrorDetails } from './details.js'

export type { AcquireTimeoutDetails }

/** What each code means, whether the same call may succeed when made again, and whether the work may have happened. */
export const POSTGRES_ERRORS = {
  'postgres.unreachable': { retryable: true, effect: 'none' },
  'postgres.connect_timeout': { retryable: true, effect: 'none' },
  'postgres.unavailable': { retryable: true, effect: 'none' },
  'postgres.too_many_connections': { retryable: true, effect: 'none' },
  'postgres.connection_lost': { retryable: true, effect: 'unknown' },
  'postgres.transaction_lost': { retryable: true, effect: 'none' },
  'postgres.commit_unknown': { retryable: false, effect: 'unknown' },
  'postgres.auth_failed': { retryable: false, effect: 'none' },
  'postgres.password_failed': { retryable: true, effect: 'none' },
  'postgres.database_missing': { retryable: false, effect: 'none' },
  'postgres.tls_failed': { retryable: false, effect: 'none' },
  'postgres.pooler': { retryable: false, effect: 'none' },
  'postgres.time_zone': { retryable: false, effect: 'none' },
  'postgres.pool.acquire_timeout': { retryable: false, effect: 'none' },
  'postgres.pool.closed': { retryable: false, effect: 'none' },
  'postgres.pool.hook_failed': { retryable: false, effect: 'none' },
  'postgres.pool.second_pg': { retryable: false, effect: 'none' },
  'postgres.internals_missing': { retryable: false, effect: 'none' },
  'postgres.serialization_failure': { retryable: true, effect: 'none' },
  'postgres.deadlock': { retryable: true, effect: 'none' },
  'postgres.lock_timeout': { retryable: true, effect: 'none' },
  'postgres.deadline': { retryable: false, effect: 'none' },
  'postgres.canceled': { retryable: false, effect: 'none' },
  'postgres.transaction_timeout': { retryable: false, effect: 'none' },
  'postgres.transaction_aborted': { retryable: false, effect: 'none' },
  'postgres.transaction_ended': { retryable: false, effect: 'unknown' },
  'postgres.transaction_nested': { retryable: false, effect: 'none' },
  'postgres.unique_violation': { retryable: false, effect: 'none' },
  'postgres.foreign_key_violation': { retryable: false, effect: 'none' },
  'postgres.not_null_violation': { retryable: false, effect: 'none' },
  'postgres.check_violation': { retryable: false, effect: 'none' },
  'postgres.not_found': { retryable: false, effect: 'none' },
  'postgres.invalid_value': { retryable: false, effect: 'none' },
  'postgres.unreadable_value': { retryable: false, effect: 'unknown' },
  'postgres.invalid_query': { retryable: false, effect: 'none' },
  'postgres.invalid_sql': { retryable: false, effect: 'none' },
  'postgres.unreadable_type': { retryable: false, effect: 'unknown' },
  'postgres.identity.missing': { retryable: false, effect: 'none' },
  'postgres.identity.invalid': { retryable: false, effect: 'none' },
  'postgres.identity.not_granted': { retryable: false, effect: 'none' },
  'postgres.identity.mixed': { retryable: false, effect: 'none' },
  'postgres.identity.fixed': { retryable: false, effect: 'none' },
  'postgres.row_security': { retryable: false, effect: 'none' },
  'postgres.permission_denied': { retryable: false, effect: 'none' },
  'postgres.login.privileged': { retryable: false, effect: 'none' },
  'postgres.login.has_rights': { retryable: false, effect: 'none' },
  'postgres.schema_mismatch': { retryable: false, effect: 'none' },
  'postgres.read_only': { retryable: false, effect: 'none' },
  'postgres.standby': { retryable: true, effect: 'none' },
  'postgres.resources_exhausted': { retryable: false, effect: 'none' },
  'postgres.raised': { retryable: false, effect: 'none' },
  'postgres.refused': { retryable: false, effect: 'none' },
  'postgres.failed': { retryable: false, effect: 'unknown' },
} as const satisfies Record<string, { readonly retryable: boolean; readonly effect: Effect }>

export type PostgresErrorCode = keyof typeof POSTGRES_ERRORS

/** One of the errors of the PostgreSQL side: `code` tells which, and what its `details` hold. */
export type AnyPostgresError = { [Code in PostgresErrorCode]: PostgresError<Code> }[PostgresErrorCode]

/** An error of the PostgreSQL side. `retryable` and `effect` follow from the code, the type of `details` too. */
export class PostgresError<Code extends PostgresErrorCode = PostgresErrorCode> extends MiyabiError<
  Code,
  PostgresErrorDetails<Code>
> {
  override readonly name: string = 'PostgresError'

  constructor(
    code: Code,
    message: string,
    options: { readonly details?: PostgresErrorDetails<Code>; readonly cause?: unknown } = {},
  ) {
    super(code, message, { ...options, ...POSTGRES_ERRORS[code] })
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
  message: string,
  options: { readonly details: FailureDetails; readonly cause: unknown },
): AnyPostgresError {
  return new PostgresError(code, message, options as object) as AnyPostgresError
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

  constructor(details: AcquireTimeoutDetails, cause?: unknown) {
    const { pool, waitedMs, total, active, idle, connecting, waiting, max, lastConnectFailure } = details
    const counts = `total ${total}, active ${active}, idle ${idle}, connecting ${connecting}, waiting ${waiting}, max ${max}`
    const advice = lastConnectFailure
      ? `the last attempt to connect, ${lastConnectFailure.agoMs} ms ago, failed: ${lastConnectFailure.message}`
      : active >= max
        ? 'all connections are in use: look for long transactions or a connection that is never released, then raise DB_MAX_CONNECTIONS'
        : 'connections are still being opened: look at the server and the network, or raise DB_ACQUIRE_TIMEOUT'
    super('postgres.pool.acquire_timeout', `Pool ${pool}: no connection within ${waitedMs} ms (${counts}); ${advice}`, {
      details,
      cause,
    })
  }
}
