import { ConfigError } from '@miyabi/core'

/** Unsupported options of pg and pg-pool, and their replacements. */
export const INSTEAD: Readonly<Record<string, string>> = {
  log: 'the option `logger`, or `pool.observe()`',
  maxUses: '`maxLifetimeMs` (DB_MAX_LIFETIME), which replaces connections by age',
  verify: '`onConnect`, which checks every new connection, and `testBeforeAcquire` (DB_TEST_BEFORE_ACQUIRE)',
  allowExitOnIdle: '`close()`, or `await using`: an open pool keeps its process alive',
  pipeline: 'nothing: a statement and its identity are sent in one round trip already',
  Client: 'nothing: the pool recognizes its connections by its own class',
  Promise: "nothing: the language's own is used",
  max: '`maxConnections` (DB_MAX_CONNECTIONS)',
  min: '`minConnections` (DB_MIN_CONNECTIONS)',
  poolSize: '`maxConnections` (DB_MAX_CONNECTIONS)',
  idleTimeoutMillis: '`idleTimeoutMs` (DB_IDLE_TIMEOUT)',
  connectionTimeoutMillis: '`connectTimeoutMs` (DB_CONNECT_TIMEOUT) and `acquireTimeoutMs` (DB_ACQUIRE_TIMEOUT)',
  maxLifetimeSeconds: '`maxLifetimeMs` (DB_MAX_LIFETIME)',
  connectionString: '`databaseUrl` (DATABASE_URL)',
  host: '`databaseUrl` (DATABASE_URL)',
  port: '`databaseUrl` (DATABASE_URL)',
  user: '`databaseUrl` (DATABASE_URL)',
  database: '`databaseUrl` (DATABASE_URL)',
  ssl: '`sslmode` in `databaseUrl` (DATABASE_URL)',
  statement_timeout: '`statementTimeoutMs` (DB_STATEMENT_TIMEOUT)',
  query_timeout: '`statementTimeoutMs` (DB_STATEMENT_TIMEOUT), which the server enforces',
  lock_timeout: '`lockTimeoutMs` (DB_LOCK_TIMEOUT)',
  idle_in_transaction_session_timeout: '`idleInTransactionTimeoutMs` (DB_IDLE_IN_TRANSACTION_TIMEOUT)',
  application_name: '`applicationName` (DB_APPLICATION_NAME)',
  options: 'ALTER ROLE ... SET ...',
}

/**
 * Rejects options of pg's own pool that would have no effect: untyped code may pass them, or spread them in.
 * @throws {ConfigError} `config.invalid`, naming all of them.
 */
export function refuseDriverOptions(...given: readonly object[]): void {
  const names = given
    .flatMap((options) => Object.entries(options))
    .flatMap(([name, value]) => (value !== undefined && Object.hasOwn(INSTEAD, name) ? [name] : []))
  if (names.length === 0) return
  throw new ConfigError(
    [...new Set(names)].map((name) => ({
      name: `createPool: ${name}`,
      problem: 'is an option of pg that this pool does not support',
      expected: INSTEAD[name] ?? 'nothing',
    })),
  )
}
