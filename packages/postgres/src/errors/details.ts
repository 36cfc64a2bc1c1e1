import type { MissingInternal } from '@miyabi/core'
import type { PoolStats } from '../stats.js'

/** Facts about a failure that a program can act on. Contains only names of objects, never a value. */
export interface FailureDetails {
  /** The server's five-character SQLSTATE. */
  readonly sqlState?: string
  /** Prisma's code, such as P2002. */
  readonly prismaCode?: string
  /** The operating system's or TLS library's code, such as ECONNREFUSED. */
  readonly systemCode?: string
  /** The object named as missing, forbidden or broken, if there is one. */
  readonly constraint?: string
  readonly table?: string
  readonly columns?: readonly string[]
  /** How long the server had been silent when its connection was cut, in milliseconds. */
  readonly silentMs?: number
  /** Attempts made, if more than one. */
  readonly attempts?: number
  /** Why it was not retried, although retrying is possible. */
  readonly gaveUp?: GaveUp
}

/** `budget`: too many recent retries; `saturated`: callers are waiting for the pool; `deadline`: no time left. */
export type GaveUp = 'budget' | 'saturated' | 'deadline'

/** The constraint that a rejected row violates. `columns` are in the constraint's own order. */
export interface ViolationDetails extends FailureDetails {
  /** Unset only if the server names none: always for NOT NULL, whose constraint it does not report. */
  readonly constraint?: string
  /** The table of the rejected row, or of the row that still references it. */
  readonly table?: string
  /** Empty if the server names none: a constraint outside this schema, or a trigger that raised the same SQLSTATE. */
  readonly columns: readonly string[]
}

/** The facts of an acquire timeout. */
export interface AcquireTimeoutDetails extends PoolStats {
  /** The pool's name. */
  readonly pool: string
  readonly waitedMs: number
  /** The last attempt to open a connection, if it failed and none has succeeded since. */
  readonly lastConnectFailure?: { readonly code: string; readonly message: string; readonly agoMs: number }
}

/**
 * The phase of a transaction or a read: waiting for a connection, in its work, in COMMIT, or pausing before the next
 * attempt.
 */
export type Phase = 'acquire' | 'work' | 'commit' | 'pause'

/** The state when the deadline passed. */
export interface DeadlineDetails {
  readonly deadlineMs: number
  readonly elapsedMs: number
  /** The attempt in progress or next, from 1. */
  readonly attempt: number
  readonly phase: Phase
  readonly pool: PoolStats
  /** The code with which the previous attempt ended. */
  readonly lastFailure?: string
}

/** A query that does not fit the schema, or an invalid identity. */
export interface InvalidQueryDetails extends FailureDetails {
  /** The missing or invalid argument, by its name in the call. */
  readonly argument?: string
}

/** The members that an installed version of pg or Prisma lacks. */
export interface InternalsMissingDetails extends FailureDetails {
  readonly missing: readonly MissingInternal[]
}

/** A value in the result that cannot be represented. */
export interface UnreadableDetails extends FailureDetails {
  /** The column of the result that contains it, as named in the statement. */
  readonly columns: readonly string[]
  /** Its kind, in words. */
  readonly kind: string
}

/** A mistake in the text of a statement. Line and column from 1; unset if the server reports no position. */
export interface InvalidSqlDetails extends FailureDetails {
  readonly line?: number
  readonly column?: number
  /** The name, keyword or sign at that position; unset if it may be a value. */
  readonly near?: string
}

/** A result that Prisma cannot read. */
export interface UnreadableTypeDetails extends FailureDetails {
  /** The type of the column, as named by the server. */
  readonly type?: string
}

/** The details that differ from `FailureDetails`, by code. */
interface DetailsByCode {
  'postgres.unique_violation': ViolationDetails
  'postgres.foreign_key_violation': ViolationDetails
  'postgres.not_null_violation': ViolationDetails
  'postgres.check_violation': ViolationDetails
  'postgres.invalid_query': InvalidQueryDetails
  'postgres.unreadable_value': UnreadableDetails
  'postgres.invalid_sql': InvalidSqlDetails
  'postgres.unreadable_type': UnreadableTypeDetails
  'postgres.identity.invalid': InvalidQueryDetails
  'postgres.pool.acquire_timeout': AcquireTimeoutDetails
  'postgres.deadline': DeadlineDetails
  'postgres.internals_missing': InternalsMissingDetails
}

/** The type of `details` for an error with this code. */
export type PostgresErrorDetails<Code extends string = string> = Code extends keyof DetailsByCode
  ? DetailsByCode[Code]
  : FailureDetails
