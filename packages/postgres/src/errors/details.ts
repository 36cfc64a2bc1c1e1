import type { MissingInternal } from '@miyabi/core'
import type { PoolStats } from '../stats.js'

/** Facts about a failure that a program can act on. Names of things only, never a value. */
export interface FailureDetails {
  /** The server's five-character SQLSTATE. */
  readonly sqlState?: string
  /** Prisma's code, such as P2002. */
  readonly prismaCode?: string
  /** The operating system's or TLS library's code, such as ECONNREFUSED. */
  readonly systemCode?: string
  /** What was named as missing, forbidden or broken, where it was. */
  readonly constraint?: string
  readonly table?: string
  readonly columns?: readonly string[]
  /** How long the server had been silent when its connection was cut, in milliseconds. */
  readonly silentMs?: number
  /** Attempts made, where it was tried more than once. */
  readonly attempts?: number
  /** Why it was not tried again, though it may have been. */
  readonly gaveUp?: GaveUp
}

/** `budget`: too many retries lately; `saturated`: callers wait for the pool; `deadline`: no time left. */
export type GaveUp = 'budget' | 'saturated' | 'deadline'

/** What a refused row broke. `columns` are in the constraint's own order. */
export interface ViolationDetails extends FailureDetails {
  /** Unset only where the server names none: always for NOT NULL, whose constraint it does not tell. */
  readonly constraint?: string
  /** The table of the row that was refused, or that still refers to the row. */
  readonly table?: string
  /**
   * Empty where the server names none: a constraint outside this schema, or a trigger that raised the same SQLSTATE.
   */
  readonly columns: readonly string[]
}

/** What an acquire timeout tells. */
export interface AcquireTimeoutDetails extends PoolStats {
  /** The pool's name. */
  readonly pool: string
  readonly waitedMs: number
  /** The last attempt to open a connection, where it failed and none succeeded since. */
  readonly lastConnectFailure?: { readonly code: string; readonly message: string; readonly agoMs: number }
}

/**
 * Where a transaction or a read was: waiting for a connection, in its work, in COMMIT, or pausing before the next
 * attempt.
 */
export type Phase = 'acquire' | 'work' | 'commit' | 'pause'

/** The state that a deadline saw when it passed. */
export interface DeadlineDetails {
  readonly deadlineMs: number
  readonly elapsedMs: number
  /** The attempt that was under way or came next, from 1. */
  readonly attempt: number
  readonly phase: Phase
  readonly pool: PoolStats
  /** What the attempt before ended with, by code. */
  readonly lastFailure?: string
}

/** A query that does not fit the schema, or an identity that is none. */
export interface InvalidQueryDetails extends FailureDetails {
  /** The argument that is missing or wrong, by its name in the call. */
  readonly argument?: string
}

/** What an installed version of pg or Prisma lacks. */
export interface InternalsMissingDetails extends FailureDetails {
  readonly missing: readonly MissingInternal[]
}

/** A value that came back and has no form here. */
export interface UnreadableDetails extends FailureDetails {
  /** The column of the answer that it is in, as the statement names it. */
  readonly columns: readonly string[]
  /** What it is, in words. */
  readonly kind: string
}

/** A mistake in the text of a statement. Line and column from 1; unset where the server tells no place. */
export interface InvalidSqlDetails extends FailureDetails {
  readonly line?: number
  readonly column?: number
  /** The name, word or sign that stands there; unset where it may be a value. */
  readonly near?: string
}

/** An answer that Prisma cannot read. */
export interface UnreadableTypeDetails extends FailureDetails {
  /** The type of the column, as the server calls it. */
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

/** What the `details` of an error with this code hold. */
export type PostgresErrorDetails<Code extends string = string> = Code extends keyof DetailsByCode
  ? DetailsByCode[Code]
  : FailureDetails
