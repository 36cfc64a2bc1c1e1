import type { Effect } from '@miyabi/core'

/** What a code means. */
interface PostgresErrorMeaning {
  /** Whether the same call may succeed when made again. */
  readonly retryable: boolean
  /** Whether the work may have happened. */
  readonly effect: Effect
  /** What happened, in words. */
  readonly reason: string
  /** What to do about it, where one thing is likely. */
  readonly remedy?: string
}

/** What each code means. Messages, health and the README's table are made from it. */
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
    remedy: 'look at the network and the server, or raise DB_CONNECT_TIMEOUT',
  },
  'postgres.unavailable': {
    retryable: true,
    effect: 'none',
    reason: 'The PostgreSQL server is starting or shutting down',
    remedy: 'try again shortly',
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
    remedy: 'run it again',
  },
  'postgres.commit_unknown': {
    retryable: false,
    effect: 'unknown',
    reason: 'The connection was lost after COMMIT was sent: whether the transaction took place is unknown',
    remedy: 'look for what it should have written before doing it again',
  },
  'postgres.auth_failed': {
    retryable: false,
    effect: 'none',
    reason: 'PostgreSQL refused the login',
    remedy: "correct user and password in DATABASE_URL, or the server's pg_hba.conf",
  },
  'postgres.password_failed': {
    retryable: true,
    effect: 'none',
    reason: 'The function that gives the password failed',
    remedy: 'look at its cause; the next connection calls it again',
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
    reason: 'A pooler between here and the server refused a start-up parameter',
    remedy: 'set DB_POOLER=transaction',
  },
  'postgres.time_zone': {
    retryable: false,
    effect: 'none',
    reason: "The session's time zone is not UTC, so every instant would be shifted",
    remedy: "a pooler drops start-up parameters; run ALTER ROLE ... SET timezone = 'UTC' for this login",
  },
  'postgres.pool.acquire_timeout': {
    retryable: false,
    effect: 'none',
    reason: 'No connection became free in time',
    remedy: 'the message tells whether all were in use or none could be opened',
  },
  'postgres.pool.closed': {
    retryable: false,
    effect: 'none',
    reason: 'The pool is closed',
    remedy: 'make a new one',
  },
  'postgres.pool.hook_failed': {
    retryable: false,
    effect: 'none',
    reason: 'The onConnect of the application failed, so the connection was closed',
    remedy: 'look at its cause; callers get the error itself',
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
    reason: 'An installed version of pg or Prisma lacks what the data layer uses of it',
    remedy: 'install the version that the message names',
  },
  'postgres.serialization_failure': {
    retryable: true,
    effect: 'none',
    reason: 'The transaction conflicted with another and was rolled back',
    remedy: 'run it again',
  },
  'postgres.deadlock': {
    retryable: true,
    effect: 'none',
    reason: 'The transaction was ended to resolve a deadlock',
    remedy: 'run it again',
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
    remedy: 'the message tells where the time went; shorten the work, or raise deadlineMs',
  },
  'postgres.canceled': {
    retryable: false,
    effect: 'none',
    reason: 'The statement was canceled',
    remedy: 'most often it ran longer than DB_STATEMENT_TIMEOUT',
  },
  'postgres.transaction_timeout': {
    retryable: false,
    effect: 'none',
    reason: 'The transaction was no longer open',
    remedy: 'make it shorter, or give it a longer timeout',
  },
  'postgres.transaction_aborted': {
    retryable: false,
    effect: 'none',
    reason:
      'A statement had failed, its error was caught, and the server rolled the transaction back in place of COMMIT',
    remedy: 'let the error out of the transaction',
  },
  'postgres.transaction_ended': {
    retryable: false,
    effect: 'unknown',
    reason:
      'The work of the transaction had ended it by SQL of its own (COMMIT, ROLLBACK): what came before is as that left it, and nothing after it was done',
    remedy: 'throw to roll back, return to commit',
  },
  'postgres.transaction_nested': {
    retryable: false,
    effect: 'none',
    reason: 'A transaction was begun inside the work of another, on a second connection',
    remedy: 'use the client that the outer work was given',
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
    reason: 'A required column was given no value',
  },
  'postgres.check_violation': {
    retryable: false,
    effect: 'none',
    reason: 'A check constraint refused the row',
  },
  'postgres.month_missing': {
    retryable: false,
    effect: 'none',
    reason:
      "The table has no month for the row's id: it is older than the oldest that is kept, or of a month that was not made yet; or the id says no time",
    remedy:
      '`pnpm db:maintain` makes months ahead (`miyabi maintain`); ids of rows with a time of their own come from `idAt`',
  },
  'postgres.not_found': {
    retryable: false,
    effect: 'none',
    reason: 'The row to act on does not exist',
  },
  'postgres.invalid_value': {
    retryable: false,
    effect: 'none',
    reason: 'A value does not fit its column or type',
  },
  'postgres.unreadable_value': {
    retryable: false,
    effect: 'unknown',
    reason: 'A value came back that has no form here',
    remedy:
      'correct it in its row, or select it as text by SQL (`column::text`); what the statement wrote outside transactions is written',
  },
  'postgres.invalid_query': {
    retryable: false,
    effect: 'none',
    reason: 'The arguments of the call do not fit the schema or the statement; nothing was done',
  },
  'postgres.invalid_sql': {
    retryable: false,
    effect: 'none',
    reason: 'The server refused the text of the statement; nothing was done',
    remedy: 'correct it at the place that the message tells',
  },
  'postgres.unreadable_type': {
    retryable: false,
    effect: 'unknown',
    reason:
      'A column of the answer has a type that Prisma cannot read; outside of a transaction the statement was carried out',
    remedy: 'cast it to one that it reads (`::text`), or use $executeRaw or query()',
  },
  'postgres.identity.missing': {
    retryable: false,
    effect: 'none',
    reason: 'A statement without an identity was refused: the login by itself may read and write nothing',
    remedy: 'make the call on `as({ userId })`, `as({ webUserId })` or, for the service itself, `asService()`',
  },
  'postgres.identity.invalid': {
    retryable: false,
    effect: 'none',
    reason: 'What was given to `as()` is no identity; nothing was sent',
    remedy: 'give it { userId } or { webUserId }, one of them, a UUID',
  },
  'postgres.identity.not_granted': {
    retryable: false,
    effect: 'none',
    reason: 'The login may not act as this kind of person; nothing was done',
    remedy: 'run the GRANT that the message names',
  },
  'postgres.identity.mixed': {
    retryable: false,
    effect: 'none',
    reason: 'A `$transaction([...])` held calls of more than one identity; nothing was sent',
    remedy: 'make all of them, and `$transaction` itself, on what one call of `as()` returned',
  },
  'postgres.identity.fixed': {
    retryable: false,
    effect: 'none',
    reason: 'Who is asking was changed inside a scope; nothing was sent',
    remedy: 'call `as()` on the context that was made without identity',
  },
  'postgres.row_security': {
    retryable: false,
    effect: 'none',
    reason: 'The row is not one that this identity may write',
    remedy: 'who may write what: docs/reference/who-can-do-what.md',
  },
  'postgres.permission_denied': {
    retryable: false,
    effect: 'none',
    reason: 'This identity, or this login, has no right to do this',
  },
  'postgres.login.privileged': {
    retryable: false,
    effect: 'none',
    reason: 'Row-level security would not hold for the login',
    remedy:
      'use one that is neither superuser nor owner of the tables and cannot become either, or set DB_ALLOW_PRIVILEGED_LOGIN=true',
  },
  'postgres.login.has_rights': {
    retryable: false,
    effect: 'none',
    reason:
      'The login has rights on tables before it says who it is: a call without an identity could find no rows in place of an error',
    remedy: 'run what the message names, or set DB_ALLOW_PRIVILEGED_LOGIN=true',
  },
  'postgres.schema_mismatch': {
    retryable: false,
    effect: 'none',
    reason: 'A table, column or function that belongs to this schema is missing; nothing was done',
    remedy:
      '`pnpm prisma migrate status` tells whether a migration is; where none is, see that the session searches the right schema (`?schema=`, search_path)',
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
    remedy: 'try again, on a new connection; if it stays so, the URL names the standby',
  },
  'postgres.resources_exhausted': {
    retryable: false,
    effect: 'none',
    reason: 'The PostgreSQL server is out of disk space or memory',
  },
  'postgres.raised': {
    retryable: false,
    effect: 'none',
    reason: 'A function or trigger of the database refused the call; nothing was done',
    remedy: "the SQLSTATE is its author's own",
  },
  'postgres.refused': {
    retryable: false,
    effect: 'none',
    reason: 'The server refused the statement; nothing was done',
  },
  'postgres.failed': {
    retryable: false,
    effect: 'unknown',
    reason: 'A database call failed',
  },
} as const satisfies Record<string, PostgresErrorMeaning>

export type PostgresErrorCode = keyof typeof POSTGRES_ERRORS

/** What a code means for one login: the usual remedies name DATABASE_URL. */
export function meaningOf(code: PostgresErrorCode, variable = 'DATABASE_URL'): PostgresErrorMeaning {
  const meaning: PostgresErrorMeaning = POSTGRES_ERRORS[code]
  const { remedy } = meaning
  return remedy === undefined ? meaning : { ...meaning, remedy: remedy.replace(/\bDATABASE_URL\b/g, variable) }
}
