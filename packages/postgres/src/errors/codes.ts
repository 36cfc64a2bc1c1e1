import type { Effect } from '@miyabi/core'

/** The meaning of a code. */
interface PostgresErrorMeaning {
  /** Whether the same call may succeed when retried. */
  readonly retryable: boolean
  /** Whether the work may have happened. */
  readonly effect: Effect
  /** What happened. */
  readonly reason: string
  /** What to do about it, if there is one likely remedy. */
  readonly remedy?: string
}

/** The meaning of each code. Messages, health and the README's table are generated from it. */
export const POSTGRES_ERRORS = {
  'postgres.unreachable': {
    retryable: true,
    effect: 'none',
    reason: 'The PostgreSQL server cannot be reached',
    remedy: 'start it (`pnpm db:up` for the embedded one), or correct host and port in DATABASE_URL',
  },
  'postgres.connect_timeout': {
    retryable: true,
    effect: 'none',
    reason: 'The PostgreSQL server did not complete a login in time',
    remedy: 'check the network and the server, or raise DB_CONNECT_TIMEOUT',
  },
  'postgres.unavailable': {
    retryable: true,
    effect: 'none',
    reason: 'The PostgreSQL server is starting or shutting down',
    remedy: 'retry shortly',
  },
  'postgres.too_many_connections': {
    retryable: true,
    effect: 'none',
    reason: 'The PostgreSQL server has no connection left',
    remedy: 'lower DB_MAX_CONNECTIONS, or raise its max_connections',
  },
  'postgres.connection_lost': {
    retryable: true,
    effect: 'unknown',
    reason: 'The connection to PostgreSQL was lost; whether the work in flight happened is unknown',
  },
  'postgres.transaction_lost': {
    retryable: true,
    effect: 'none',
    reason: 'The connection was lost inside a transaction, before its COMMIT: the server rolled it back',
    remedy: 'retry it',
  },
  'postgres.commit_unknown': {
    retryable: false,
    effect: 'unknown',
    reason: 'The connection was lost after COMMIT was sent: whether the transaction took place is unknown',
    remedy: 'check whether its changes exist before repeating it',
  },
  'postgres.auth_failed': {
    retryable: false,
    effect: 'none',
    reason: 'PostgreSQL rejected the login',
    remedy: "correct user and password in DATABASE_URL, or the server's pg_hba.conf",
  },
  'postgres.password_failed': {
    retryable: true,
    effect: 'none',
    reason: 'The function that returns the password failed',
    remedy: 'check its cause; the next connection calls it again',
  },
  'postgres.database_missing': {
    retryable: false,
    effect: 'none',
    reason: 'The database does not exist on this server',
    remedy: 'correct its name in DATABASE_URL, or create it (`pnpm prisma migrate deploy` does)',
  },
  'postgres.tls_failed': {
    retryable: false,
    effect: 'none',
    reason: 'TLS with the PostgreSQL server failed',
    remedy: 'correct sslmode and sslrootcert in DATABASE_URL',
  },
  'postgres.pooler': {
    retryable: false,
    effect: 'none',
    reason: 'A pooler between here and the server rejected a startup parameter',
    remedy: 'set DB_POOLER=transaction',
  },
  'postgres.time_zone': {
    retryable: false,
    effect: 'none',
    reason: "The session's time zone is not UTC, so every instant would be shifted",
    remedy: "a pooler drops startup parameters; run ALTER ROLE ... SET timezone = 'UTC' for this login",
  },
  'postgres.pool.acquire_timeout': {
    retryable: false,
    effect: 'none',
    reason: 'No connection became available in time',
    remedy: 'the message shows whether all were in use or none could be opened',
  },
  'postgres.pool.closed': {
    retryable: false,
    effect: 'none',
    reason: 'The pool is closed',
    remedy: 'create a new one',
  },
  'postgres.pool.hook_failed': {
    retryable: false,
    effect: 'none',
    reason: "The application's onConnect failed, so the connection was closed",
    remedy: 'check its cause; callers get the error itself',
  },
  'postgres.pool.second_pg': {
    retryable: false,
    effect: 'none',
    reason: 'Two copies of the package pg are installed, so Prisma would ignore the pool',
    remedy: 'pin one version (`overrides` in pnpm-workspace.yaml) and install again',
  },
  'postgres.internals_missing': {
    retryable: false,
    effect: 'none',
    reason: 'An installed version of pg or Prisma lacks members that the data layer uses',
    remedy: 'install the version named in the message',
  },
  'postgres.serialization_failure': {
    retryable: true,
    effect: 'none',
    reason: 'The transaction conflicted with another and was rolled back',
    remedy: 'retry it',
  },
  'postgres.deadlock': {
    retryable: true,
    effect: 'none',
    reason: 'The transaction was rolled back to resolve a deadlock',
    remedy: 'retry it',
  },
  'postgres.lock_timeout': {
    retryable: true,
    effect: 'none',
    reason: 'A lock was not granted within DB_LOCK_TIMEOUT',
  },
  'postgres.deadline': {
    retryable: false,
    effect: 'none',
    reason: 'The deadline passed; nothing was committed',
    remedy: 'the message shows where the time went; shorten the work, or raise deadlineMs',
  },
  'postgres.canceled': {
    retryable: false,
    effect: 'none',
    reason: 'The statement was canceled',
    remedy: 'usually it ran longer than DB_STATEMENT_TIMEOUT',
  },
  'postgres.transaction_timeout': {
    retryable: false,
    effect: 'none',
    reason: 'The transaction was no longer open',
    remedy: 'shorten it, or give it a longer timeout',
  },
  'postgres.transaction_aborted': {
    retryable: false,
    effect: 'none',
    reason:
      'A statement failed, its error was caught, and the server rolled the transaction back instead of committing it',
    remedy: 'let the error propagate out of the transaction',
  },
  'postgres.transaction_ended': {
    retryable: false,
    effect: 'unknown',
    reason:
      'The work of the transaction ended it with its own SQL (COMMIT, ROLLBACK): earlier statements are as that SQL left them, and nothing after it was executed',
    remedy: 'throw to roll back, return to commit',
  },
  'postgres.transaction_nested': {
    retryable: false,
    effect: 'none',
    reason: 'A transaction was started inside the work of another, on a second connection',
    remedy: 'use the client passed to the outer work',
  },
  'postgres.unique_violation': {
    retryable: false,
    effect: 'none',
    reason: 'A row with the same unique value exists',
  },
  'postgres.foreign_key_violation': {
    retryable: false,
    effect: 'none',
    reason: 'A referenced row is missing, or the row is still referenced',
  },
  'postgres.not_null_violation': {
    retryable: false,
    effect: 'none',
    reason: 'A required column has no value',
  },
  'postgres.check_violation': {
    retryable: false,
    effect: 'none',
    reason: 'A check constraint rejected the row',
  },
  'postgres.month_missing': {
    retryable: false,
    effect: 'none',
    reason:
      "The table has no partition for the month of the row's id: the month is older than the oldest one kept or not created yet, or the id contains no time",
    remedy:
      'run `pnpm db:maintain` (`miyabi maintain`), which creates months ahead; for rows with an explicit time, create ids with `idAt`',
  },
  'postgres.not_found': {
    retryable: false,
    effect: 'none',
    reason: 'The row to change does not exist',
  },
  'postgres.invalid_value': {
    retryable: false,
    effect: 'none',
    reason: 'A value does not fit its column or type',
  },
  'postgres.unreadable_value': {
    retryable: false,
    effect: 'unknown',
    reason: 'A value in the result cannot be represented',
    remedy:
      "correct it in its row, or select it as text with SQL (`column::text`); outside of transactions, the statement's writes are stored",
  },
  'postgres.invalid_query': {
    retryable: false,
    effect: 'none',
    reason: 'The arguments of the call do not fit the schema or the statement; nothing was done',
  },
  'postgres.invalid_sql': {
    retryable: false,
    effect: 'none',
    reason: 'The server rejected the text of the statement; nothing was done',
    remedy: 'correct it at the position given in the message',
  },
  'postgres.unreadable_type': {
    retryable: false,
    effect: 'unknown',
    reason:
      'A column of the result has a type that Prisma cannot read; outside of a transaction the statement was executed',
    remedy: 'cast it to a type that Prisma reads (`::text`), or use $executeRaw or query()',
  },
  'postgres.identity.missing': {
    retryable: false,
    effect: 'none',
    reason: 'A statement without an identity was rejected: the login itself may read and write nothing',
    remedy: 'make the call on `as({ userId })`, `as({ webUserId })` or, for the service identity, `asService()`',
  },
  'postgres.identity.invalid': {
    retryable: false,
    effect: 'none',
    reason: 'The argument of `as()` is not a valid identity; nothing was sent',
    remedy: 'pass either { userId } or { webUserId }, a UUID',
  },
  'postgres.identity.not_granted': {
    retryable: false,
    effect: 'none',
    reason: 'The login is not allowed to act as this role; nothing was done',
    remedy: 'run the GRANT given in the message',
  },
  'postgres.identity.mixed': {
    retryable: false,
    effect: 'none',
    reason: 'A `$transaction([...])` contained calls of more than one identity; nothing was sent',
    remedy: 'make all of them, and `$transaction` itself, on the result of one `as()` call',
  },
  'postgres.identity.fixed': {
    retryable: false,
    effect: 'none',
    reason: 'The identity was changed inside a scope; nothing was sent',
    remedy: 'call `as()` on the context without an identity',
  },
  'postgres.row_security': {
    retryable: false,
    effect: 'none',
    reason: 'This identity may not write the row',
    remedy: 'see docs/reference/who-can-do-what.md for who may write what',
  },
  'postgres.permission_denied': {
    retryable: false,
    effect: 'none',
    reason: 'This identity, or this login, lacks the privilege',
  },
  'postgres.login.privileged': {
    retryable: false,
    effect: 'none',
    reason: 'Row-level security would not apply to the login',
    remedy:
      'use a login that is neither a superuser nor the owner of the tables and cannot become either, or set DB_ALLOW_PRIVILEGED_LOGIN=true',
  },
  'postgres.login.has_rights': {
    retryable: false,
    effect: 'none',
    reason:
      'The login has privileges on tables without an identity: a call without one could find no rows instead of failing',
    remedy: 'run the statements given in the message, or set DB_ALLOW_PRIVILEGED_LOGIN=true',
  },
  'postgres.schema_mismatch': {
    retryable: false,
    effect: 'none',
    reason: 'A table, column or function that belongs to this schema is missing; nothing was done',
    remedy:
      'check with `pnpm prisma migrate status` whether a migration is missing; if none is, check that the session searches the right schema (`?schema=`, search_path)',
  },
  'postgres.read_only': {
    retryable: false,
    effect: 'none',
    reason: 'The transaction, the session or the database is set to read only',
  },
  'postgres.standby': {
    retryable: true,
    effect: 'none',
    reason: 'The server is a standby, which accepts no writes: a failover has moved the primary elsewhere',
    remedy: 'retry on a new connection; if it persists, the URL names the standby',
  },
  'postgres.resources_exhausted': {
    retryable: false,
    effect: 'none',
    reason: 'The PostgreSQL server is out of disk space or memory',
  },
  'postgres.raised': {
    retryable: false,
    effect: 'none',
    reason: 'A function or trigger of the database rejected the call; nothing was done',
    remedy: 'the SQLSTATE is defined by its author',
  },
  'postgres.refused': {
    retryable: false,
    effect: 'none',
    reason: 'The server rejected the statement; nothing was done',
  },
  'postgres.failed': {
    retryable: false,
    effect: 'unknown',
    reason: 'A database call failed',
  },
} as const satisfies Record<string, PostgresErrorMeaning>

export type PostgresErrorCode = keyof typeof POSTGRES_ERRORS

/** The meaning of a code for one login: the usual remedies name DATABASE_URL. */
export function meaningOf(code: PostgresErrorCode, variable = 'DATABASE_URL'): PostgresErrorMeaning {
  const meaning: PostgresErrorMeaning = POSTGRES_ERRORS[code]
  const { remedy } = meaning
  return remedy === undefined ? meaning : { ...meaning, remedy: remedy.replace(/\bDATABASE_URL\b/g, variable) }
}
