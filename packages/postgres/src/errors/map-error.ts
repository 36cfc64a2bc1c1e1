import { defined, isMiyabiError, redactText } from '@miyabi/core'
import { IDENTITY_MISSING } from '../schema/roles.js'
import { tableNames } from '../schema/tables.generated.js'
import { meaningOf, type PostgresErrorCode } from './codes.js'
import type {
  FailureDetails,
  InvalidQueryDetails,
  InvalidSqlDetails,
  UnreadableDetails,
  UnreadableTypeDetails,
} from './details.js'
import { type DriverFacts, driverFacts } from './driver-facts.js'
import { type AnyPostgresError, isPostgresError, PostgresError, postgresError } from './errors.js'

/** A server as named in messages, and the variable that names the server and the login. */
interface ServerPlace {
  readonly server: string
  readonly variable: string
}

/**
 * Converts any failure of PostgreSQL: errors of the driver, its adapter or Prisma become a `PostgresError`, and one of
 * ours inside them is recovered. **Everything else is returned unchanged**: an application's own error, even with such
 * a failure as its cause, a TypeError, the reason of an aborted signal. Narrow the result with `isPostgresError(result,
 * code)`.
 *
 * The message, details and cause of a `PostgresError` never contain a row's value, a parameter, a password or a URL.
 */
export function mapPostgresError(error: unknown): unknown {
  return isDatabaseError(error) ? toPostgresError(error) : error
}

/**
 * The only place that interprets SQLSTATEs, Prisma codes and driver messages, for errors known to come from a call to
 * the database: unknown ones become `postgres.failed`.
 * @param at the server, for a failure to connect.
 */
export function toPostgresError(error: unknown, at?: ServerPlace): AnyPostgresError {
  const own = ownError(error)
  if (own) return own
  const facts = driverFacts(error)
  const code = codeOf(facts)
  const { sqlState, prismaCode, systemCode, constraint, table, columns, argument, place } = facts
  const { unreadable, unreadableType } = facts
  const details: FailureDetails &
    InvalidQueryDetails &
    InvalidSqlDetails &
    UnreadableTypeDetails &
    Partial<UnreadableDetails> = {
    ...defined({ sqlState, prismaCode, systemCode, constraint, table }),
    ...(columns ? { columns } : code.endsWith('_violation') ? { columns: [] } : {}),
    ...defined({ argument }),
    ...(unreadable ? { columns: [unreadable.column], kind: unreadable.kind } : {}),
    ...(code === 'postgres.invalid_sql' ? place : {}),
    ...defined({ type: unreadableType }),
  }
  return postgresError(code, reasonOf(code, facts, at), {
    details,
    remedy: remedyOf(code, facts, at),
    cause: isMiyabiError(error) ? error : causeOf(code, facts),
  })
}

/**
 * Does the same for a failure to open a connection: nothing was sent yet, so a connection lost at this stage means that
 * the server could not be reached, and nothing can have happened.
 */
export function mapConnectError(error: unknown, place: ServerPlace): AnyPostgresError {
  const { server, variable } = place
  const mapped = toPostgresError(error, place)
  if (mapped.code !== 'postgres.connection_lost') return mapped
  const { details, cause } = mapped
  const { message } = driverFacts(error)
  const [, ofPooler] = BY_POOLER_MESSAGE.find(([pattern]) => pattern.test(message)) ?? []
  if (ofPooler) {
    const { reason, remedy } = meaningOf(ofPooler, variable)
    return new PostgresError(ofPooler, `${reason} (${server}; ${redactText(message)})`, { details, cause, remedy })
  }
  const { reason, remedy } = meaningOf('postgres.unreachable', variable)
  return new PostgresError('postgres.unreachable', `${reason} (${server}; closed during the login)`, {
    details,
    cause,
    remedy,
  })
}

/** PgBouncer's messages for what it rejects itself, all of them with 08P01. */
const BY_POOLER_MESSAGE: readonly (readonly [
  RegExp,
  'postgres.pooler' | 'postgres.auth_failed' | 'postgres.database_missing',
])[] = [
  [/^unsupported startup parameter/, 'postgres.pooler'],
  [/authentication failed|^no such user/, 'postgres.auth_failed'],
  [/^no such database|^database .* does not exist/, 'postgres.database_missing'],
]

/** Errors of our connections' sockets, which look like those of any other socket. */
const ofOurSockets = new WeakSet<object>()

/** Records that an error came from one of our connections. */
export function noteSocketError(error: object): void {
  ofOurSockets.add(error)
}

/**
 * Returns whether an error came from the database, its driver or Prisma, rather than from the caller's own code. A code
 * alone proves nothing: ENOENT or ECONNRESET may be about a file or another server, and an application's own code may
 * look like a SQLSTATE or a Prisma code.
 */
export function isDatabaseError(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  if (ofOurSockets.has(error) || ownError(error)) return true
  if (isMiyabiError(error)) return false
  const facts = driverFacts(error)
  return (
    isPrismas(facts) ||
    facts.name === 'DriverAdapterError' ||
    (facts.sqlState !== undefined && typeof (error as { readonly severity?: unknown }).severity === 'string') ||
    (facts.name === 'Error' && CONNECTION_LOST.test(facts.message))
  )
}

function ownError(error: unknown): AnyPostgresError | undefined {
  if (isPostgresError(error)) return error
  const wrapped = (error as { meta?: { postgresError?: unknown } } | null | undefined)?.meta?.postgresError
  return isPostgresError(wrapped) ? wrapped : undefined
}

const BY_SQLSTATE: Readonly<Record<string, PostgresErrorCode>> = {
  '23505': 'postgres.unique_violation',
  '23503': 'postgres.foreign_key_violation',
  '23001': 'postgres.foreign_key_violation',
  '23502': 'postgres.not_null_violation',
  '23514': 'postgres.check_violation',
  '23P01': 'postgres.check_violation',
  '44000': 'postgres.check_violation',
  '25006': 'postgres.read_only',
  '25P02': 'postgres.transaction_aborted',
  '25P04': 'postgres.transaction_timeout',
  '3D000': 'postgres.database_missing',
  '40001': 'postgres.serialization_failure',
  '40003': 'postgres.failed', // the code with which the server reports that the outcome is unknown
  '40P01': 'postgres.deadlock',
  '42P05': 'postgres.refused', // of the same kind as 26000
  '53300': 'postgres.too_many_connections',
  '55P03': 'postgres.lock_timeout',
  '57014': 'postgres.canceled',
  '57P01': 'postgres.connection_lost',
  '57P02': 'postgres.connection_lost',
  '57P03': 'postgres.unavailable',
  '57P04': 'postgres.connection_lost',
  '57P05': 'postgres.connection_lost',
  '25P03': 'postgres.connection_lost',
  [IDENTITY_MISSING]: 'postgres.identity.missing',
}

const BY_SQLSTATE_CLASS: Readonly<Record<string, PostgresErrorCode>> = {
  '08': 'postgres.connection_lost',
  '22': 'postgres.invalid_value',
  '28': 'postgres.auth_failed',
  '42': 'postgres.invalid_sql',
  '53': 'postgres.resources_exhausted',
  P0: 'postgres.raised',
}

/**
 * Of the standard and of PostgreSQL (https://www.postgresql.org/docs/current/errcodes-appendix.html). Other codes are
 * an application's own.
 */
const STANDARD_CLASS = /^(0[0-9ABFLPZ]|10|2[0-8BDF]|3[489BDF]|4[024]|5[34578]|72|F0|HV|XX)/

/**
 * Server codes that a RAISE may use. It cannot mean a lost connection, for example: the server is there to report it.
 */
const RAISABLE = /^(2[23]|40001|40P01|42501|44|55P03|MY)/

/** A table, column, function or schema is missing. */
const MISSING = new Set<string | undefined>(['42P01', '42703', '42883', '3F000'])

const BY_PRISMA_CODE: Readonly<Record<string, PostgresErrorCode>> = {
  P1000: 'postgres.auth_failed',
  P1001: 'postgres.unreachable',
  P1003: 'postgres.database_missing',
  P1008: 'postgres.connection_lost',
  P1010: 'postgres.auth_failed',
  P1011: 'postgres.tls_failed',
  P1017: 'postgres.connection_lost',
  P2000: 'postgres.invalid_value',
  P1018: 'postgres.transaction_timeout',
  P2002: 'postgres.unique_violation',
  P2003: 'postgres.foreign_key_violation',
  P2004: 'postgres.check_violation',
  P2007: 'postgres.invalid_value',
  P2009: 'postgres.invalid_query',
  P2011: 'postgres.not_null_violation',
  P2012: 'postgres.invalid_query',
  P2014: 'postgres.foreign_key_violation',
  P2017: 'postgres.not_found',
  P2018: 'postgres.not_found',
  P2020: 'postgres.invalid_value',
  P2021: 'postgres.schema_mismatch',
  P2022: 'postgres.schema_mismatch',
  P2025: 'postgres.not_found',
  P2028: 'postgres.transaction_timeout',
  P2029: 'postgres.invalid_query', // before any of it is sent
  P2034: 'postgres.serialization_failure',
  P2037: 'postgres.too_many_connections',
}

const BY_SYSTEM_CODE: Readonly<Record<string, PostgresErrorCode>> = {
  EACCES: 'postgres.unreachable',
  EAI_AGAIN: 'postgres.unreachable',
  ECONNREFUSED: 'postgres.unreachable',
  EHOSTUNREACH: 'postgres.unreachable',
  ENETUNREACH: 'postgres.unreachable',
  ENOENT: 'postgres.unreachable',
  ENOTFOUND: 'postgres.unreachable',
  ECONNRESET: 'postgres.connection_lost',
  EPIPE: 'postgres.connection_lost',
  ETIMEDOUT: 'postgres.connection_lost',
}

const CONNECTION_LOST = /^Connection terminated|^Client has encountered a connection error|^Client was closed/

/** Plain errors of the driver, which have no code. */
const BY_MESSAGE: readonly (readonly [RegExp, PostgresErrorCode])[] = [
  [/^timeout expired$/, 'postgres.connect_timeout'],
  [CONNECTION_LOST, 'postgres.connection_lost'],
  [/SSL connection|certificate|^SSL |\btls\b/i, 'postgres.tls_failed'],
  [/^SASL: .*password|password must be a string/i, 'postgres.auth_failed'],
]

function codeOf(facts: DriverFacts): PostgresErrorCode {
  const { sqlState, prismaCode, systemCode, message, name } = facts
  if (facts.standby && sqlState === '25006') return 'postgres.standby'
  if (facts.misfit || facts.withoutData) return 'postgres.invalid_query'
  if (sqlState) return codeOfSqlState(sqlState, facts)
  if (facts.unreadableType) return 'postgres.unreadable_type'
  if (systemCode) {
    const known = BY_SYSTEM_CODE[systemCode]
    if (known) return known
    if (/CERT|TLS|SSL|CA$|PURPOSE|HOSTNAME/.test(systemCode)) return 'postgres.tls_failed'
  }
  const known = prismaCode ? BY_PRISMA_CODE[prismaCode] : undefined
  if (known) return known
  if (facts.unreadable) return 'postgres.unreadable_value'
  if (name === 'PrismaClientValidationError') return 'postgres.invalid_query'
  if (isPrismas(facts)) return 'postgres.failed' // its messages may contain anything
  return BY_MESSAGE.find(([pattern]) => pattern.test(message))?.[1] ?? 'postgres.failed'
}

/**
 * An error with a SQLSTATE was rejected by the server, so nothing was done: except for connections that the server
 * ends, and outcomes unknown to the server itself.
 */
function codeOfSqlState(sqlState: string, facts: DriverFacts): PostgresErrorCode {
  if (facts.raised && !RAISABLE.test(sqlState)) return 'postgres.raised'
  if (sqlState === '42501') return DENIED[facts.denied]
  if (facts.withoutPartition) return 'postgres.month_missing'
  if (MISSING.has(sqlState) && isMissing(facts)) return 'postgres.schema_mismatch'
  const known = BY_SQLSTATE[sqlState] ?? BY_SQLSTATE_CLASS[sqlState.slice(0, 2)]
  return known ?? (STANDARD_CLASS.test(sqlState) ? 'postgres.refused' : 'postgres.raised')
}

/**
 * Whether the database lacks a part of this schema, rather than the statement naming something that never existed: true
 * for names in Prisma's own statements and in the database's functions, and for the tables.
 */
function isMissing({ prismaCode, misnamed, inFunction, place }: DriverFacts): boolean {
  if (misnamed) return false
  const named = place?.near?.split('.').at(-1)?.replaceAll('"', '').trim()
  return (
    prismaCode === 'P2021' ||
    prismaCode === 'P2022' ||
    inFunction !== undefined ||
    tableNames.some((table) => table === named)
  )
}

const DENIED = {
  row: 'postgres.row_security',
  login: 'postgres.identity.missing',
  other: 'postgres.permission_denied',
} as const satisfies Record<DriverFacts['denied'], PostgresErrorCode>

function reasonOf(code: PostgresErrorCode, facts: DriverFacts, at: ServerPlace | undefined): string {
  const { sqlState, prismaCode, systemCode, constraint, table, columns, argument, withoutData } = facts
  const { place, words, inFunction, unreadableType } = facts
  const named = [
    at?.server,
    facts.unreadable && `column ${facts.unreadable.column}: ${facts.unreadable.kind}`,
    words,
    place && `line ${place.line}, column ${place.column}${place.near === undefined ? '' : `, at ${place.near}`}`,
    inFunction && `in the function ${inFunction}`,
    unreadableType && `type ${unreadableType}`,
    prismaCode === 'P2029' && 'more parameters than one statement takes',
    (sqlState === '26000' || sqlState === '42P05') &&
      "its sessions do not keep this pool's prepared statements; behind a pooler set DB_POOLER=transaction",
    constraint && `constraint ${constraint}`,
    table && `table ${table}`,
    columns && columns.length > 0 && `columns ${columns.join(', ')}`,
    argument && `argument ${argument}`,
    withoutData &&
      'no data was sent for COPY FROM STDIN, which requires a stream: use `pg-copy-streams` on a client of the pool',
    sqlState ? `SQLSTATE ${sqlState}` : (prismaCode ?? systemCode),
  ].filter(Boolean)
  const { reason } = meaningOf(code)
  return named.length === 0 ? reason : `${reason} (${named.join('; ')})`
}

function remedyOf(code: PostgresErrorCode, facts: DriverFacts, at: ServerPlace | undefined): string | undefined {
  const { prismaCode } = facts
  // Only the author of raw SQL can correct its text.
  const isByPrisma = code === 'postgres.invalid_sql' && prismaCode !== undefined && prismaCode !== 'P2010'
  if (isByPrisma) return 'Prisma generated this statement from the call: rewrite the call'
  return meaningOf(code, at?.variable).remedy
}

const isPrismas = ({ name }: DriverFacts): boolean => name.startsWith('PrismaClient')

/**
 * SQLSTATE classes whose primary message contains only names. Others may quote a value (22P02: `... for type uuid:
 * "..."`).
 */
const QUOTABLE = /^(08|23|25|28|3D|40|53|55|57)|^42501$/

/**
 * The original in a form that is safe to attach: its name, code and frames, and its message only if it contains no
 * value.
 */
function causeOf(code: PostgresErrorCode, facts: DriverFacts): Error {
  const { name, message, frames, sqlState, prismaCode, systemCode } = facts
  const quotable = sqlState
    ? (QUOTABLE.test(sqlState) || facts.words !== undefined) && !facts.raised && !facts.withoutData
    : prismaCode === undefined && !isPrismas(facts) && code !== 'postgres.failed'
  const label = sqlState ?? prismaCode ?? systemCode
  const cause = new Error(quotable ? redactText(message) : (label ?? name)) as Error & { code?: string }
  cause.name = name
  if (label !== undefined) cause.code = label
  cause.stack = [`${cause.name}: ${cause.message}`, ...frames].join('\n')
  return cause
}
