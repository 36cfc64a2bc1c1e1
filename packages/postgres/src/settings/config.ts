import {
  ConfigError,
  defineSettings,
  type Environment,
  field,
  isProduction,
  isSet,
  printable,
  type SettingValues,
} from '@miyabi/core'
import { CONNECTION_SUM } from './connection-sum.js'
import { connectionUrlProblem } from './connection-url.js'
import type { PasswordSource } from './password.js'

const databaseUrl = (options: { readonly doc: string; readonly defaultText: string; readonly login: string }) =>
  field.url({
    doc: options.doc,
    defaultText: options.defaultText,
    protocols: ['postgresql', 'postgres'],
    example: `postgresql://${options.login}:PASSWORD@localhost:5432/miyabi`,
    check: connectionUrlProblem,
  })

const fields = {
  DATABASE_URL: databaseUrl({
    doc: "The application's login: neither a superuser nor the owner of the tables. `?schema=` and `sslmode=` (disable, require, verify-ca, verify-full; with sslrootcert, sslcert, sslkey) are supported, with libpq's meaning; use verify-full for any server that is not on this machine.",
    defaultText: 'outside production: the embedded stack, if one is up',
    login: 'miyabi_app',
  }),
  DB_MAX_CONNECTIONS: field.integer({
    doc: 'The maximum number of connections one process opens. Raise it when acquire timeouts say that all are in use while the server is idle; lower it when the server reports "too many clients already": the pools of all processes must fit into its max_connections (see DB_INSTANCES).',
    default: 20,
    min: 1,
    max: 1000,
    unit: 'connections',
  }),
  DB_MIN_CONNECTIONS: field.integer({
    doc: 'Connections kept open: the first is opened at the start, before the first query, the others a moment after it. Raise it when the first requests after a quiet time are slow; 0 opens none in advance. If it is not set, a lower maximum lowers it too.',
    default: 5,
    min: 0,
    max: 1000,
    unit: 'connections',
  }),
  DB_INSTANCES: field.integer({
    doc: `How many processes with these settings share the server. Set it if there is more than one. No setting is divided by it: at startup, a warning is logged if ${CONNECTION_SUM} does not fit into the server's max_connections (the service's pool counts only if SERVICE_DATABASE_URL is set).`,
    default: 1,
    min: 1,
    max: 10_000,
    unit: 'processes',
  }),
  DB_ACQUIRE_TIMEOUT: field.seconds({
    doc: 'How long a caller waits for a connection before `postgres.pool.acquire_timeout`. Lower it when requests pile up behind a busy pool; raise it when short bursts fail.',
    default: 5,
    min: 0.1,
    max: 600,
  }),
  DB_CONNECT_TIMEOUT: field.seconds({
    doc: 'How long opening one connection may take, TLS and login included, before `postgres.connect_timeout`. Raise it for a distant or slow server; waiting callers are still limited by DB_ACQUIRE_TIMEOUT.',
    default: 10,
    min: 0.1,
    max: 600,
  }),
  DB_IDLE_TIMEOUT: field.seconds({
    doc: 'A connection unused for this long is closed, down to the minimum. Lower it when many idle connections burden the server or a firewall drops quiet ones; 0 never closes one.',
    default: 600,
    min: 0,
    max: 86_400,
  }),
  DB_MAX_LIFETIME: field.seconds({
    doc: 'A connection older than this is replaced once it is free, staggered over the last tenth so that they do not expire together. Lower it when connections must follow a failover or a load balancer, or when server memory grows with their age; 0 never replaces one.',
    default: 1800,
    min: 0,
    max: 86_400,
  }),
  DB_TEST_BEFORE_ACQUIRE: field.boolean({
    doc: 'Tests an idle connection before handing it out, so that a dead connection never reaches a caller. Turn it off only behind a pooler that answers for the server.',
    default: true,
  }),
  DB_TEST_BYPASS_MS: field.integer({
    doc: 'A connection used within this time is handed out without a test. 500 makes testing free in practice; 0 tests every time, which doubles the cost of a short query.',
    default: 500,
    min: 0,
    max: 600_000,
    unit: 'ms',
  }),
  DB_STATEMENT_TIMEOUT: field.seconds({
    doc: 'The server cancels a statement that runs longer than this (`postgres.canceled`). Raise it for reports; 0 sets no limit.',
    default: 60,
    min: 0,
    max: 86_400,
  }),
  DB_LOCK_TIMEOUT: field.seconds({
    doc: 'The server cancels a statement that waits longer than this for a lock (`postgres.lock_timeout`). Lower it when one stuck transaction blocks many requests; 0 waits forever.',
    default: 10,
    min: 0,
    max: 86_400,
  }),
  DB_IDLE_IN_TRANSACTION_TIMEOUT: field.seconds({
    doc: 'The server ends a session that leaves a transaction open and idle for longer than this, which releases its locks. Lower it when locks stay held although nothing is running; raise it for transactions that wait for something else; 0 never ends one.',
    default: 60,
    min: 0,
    max: 86_400,
  }),
  DB_LEAK_THRESHOLD: field.seconds({
    doc: 'A connection held for longer than this is reported once, with the stack that took it, and again when it is returned. Set it (10 in development) to find the callers when acquire timeouts say that all connections are in use; 0 watches none and costs nothing.',
    default: 0,
    min: 0,
    max: 86_400,
  }),
  DB_APPLICATION_NAME: field.pattern({
    doc: "The name shown in pg_stat_activity and the server's log. Set it when several services share a server.",
    default: 'miyabi',
    matches: /^[\x20-\x7e]{1,63}$/,
    expected: '1 to 63 printable ASCII characters',
  }),
  DB_POOLER: field.oneOf({
    doc: 'What DATABASE_URL connects to: `none` is PostgreSQL itself, `transaction` a pooler in transaction mode (PgBouncer). With it no statement is prepared by name, and the three timeouts come from the role, which is checked at startup. Set it when connections fail with `postgres.pooler`, or statements with "prepared statement does not exist"; then DIRECT_DATABASE_URL must bypass the pooler.',
    values: ['none', 'transaction'],
    default: 'none',
  }),
  DB_COMPILED_QUERIES: field.boolean({
    doc: "Answers Prisma's reads from Prisma's own plans, compiled once per shape of call, and sends the rows of createMany as arrays, in a fraction of Prisma's time; `stats()` shows which calls are not compiled. Results and errors are the same: turn it off to find out whether it causes a fault.",
    default: true,
  }),
  DIRECT_DATABASE_URL: databaseUrl({
    doc: "The migrator's login, which owns the tables, bypassing any pooler: every migrate, seed and doctor command uses it. The running application never does.",
    defaultText: 'DATABASE_URL',
    login: 'miyabi_migrator',
  }),
  SERVICE_DATABASE_URL: databaseUrl({
    doc: "The service's login, which issues licenses, ingests usage and processes webhooks. A separate login, because a login that may become another role is not a boundary.",
    defaultText: 'none',
    login: 'miyabi_backend',
  }),
  SERVICE_DIRECT_DATABASE_URL: databaseUrl({
    doc: "The service's login, bypassing any pooler, for the connection over which a process listens to others (LISTEN, NOTIFY): set it in every process that runs a relay or commits effects, and that enqueues messages or waits for them (`receive({ waitMs })`). Without it they poll every 250 ms. The same URL as SERVICE_DATABASE_URL if there is no pooler.",
    defaultText: 'none',
    login: 'miyabi_backend',
  }),
  DATABASE_REPLICA_URLS: field.list(
    databaseUrl({
      doc: "Standbys of DATABASE_URL, with the application's login: `me.replica` reads from them. Each URL is one server, not a balancer in front of several. A comma in a password is %2C.",
      defaultText: 'none: `me.replica` reads from the primary; outside production: those of the embedded stack',
      login: 'miyabi_app',
    }),
    16,
  ),
  SERVICE_DATABASE_REPLICA_URLS: field.list(
    databaseUrl({
      doc: "The same with the service's login: `asService().replica` reads from them.",
      defaultText: 'none',
      login: 'miyabi_backend',
    }),
    16,
  ),
  DB_SERVICE_MAX_CONNECTIONS: field.integer({
    doc: 'The maximum number of connections one process opens with SERVICE_DATABASE_URL, on demand and in addition to DB_MAX_CONNECTIONS. Raise it when acquire timeouts name the pool `service`.',
    default: 5,
    min: 1,
    max: 1000,
    unit: 'connections',
  }),
  DB_ALLOW_PRIVILEGED_LOGIN: field.boolean({
    doc: 'Row-level security does not apply to a superuser, a login that bypasses it, or one that owns the tables or may act as their owner or as the service. With NODE_ENV=production such a login in DATABASE_URL is rejected (`postgres.login.privileged`), otherwise a warning is logged; a login that has privileges on the tables without an identity, because it inherits them, is rejected everywhere (`postgres.login.has_rights`). true allows them all.',
    default: false,
  }),
} as const

/**
 * All settings that this package reads from an environment; `.env.example`, the reference page and the README's table
 * are generated from it.
 */
export const postgresSettings = defineSettings({
  title: 'PostgreSQL',
  fields,
  rules: [
    ({ DB_MIN_CONNECTIONS: min, DB_MAX_CONNECTIONS: max }, isSet) =>
      isSet('DB_MIN_CONNECTIONS') && min !== undefined && max !== undefined && min > max
        ? {
            name: 'DB_MIN_CONNECTIONS',
            problem: `${min} is above DB_MAX_CONNECTIONS (${max})`,
            expected: 'a number from 0 to DB_MAX_CONNECTIONS',
          }
        : undefined,
  ],
})

/** The settings of the PostgreSQL side as values. Every duration is in milliseconds. */
export interface PostgresSettings {
  /** The application's login. A secret: it can contain a password. */
  readonly databaseUrl: string
  /**
   * Returns the password of `databaseUrl` for each new connection, instead of the one in the URL. Never from the
   * environment.
   */
  readonly password?: PasswordSource
  /** The migrator's login, bypassing any pooler. Never used by the running application. */
  readonly directDatabaseUrl: string
  /** The service's login, if set. */
  readonly serviceDatabaseUrl: string | undefined
  /** The service's login bypassing any pooler, if set: for listening to other processes. */
  readonly serviceDirectDatabaseUrl?: string | undefined
  /** Standbys, with the application's login. */
  readonly replicaUrls?: readonly string[] | undefined
  /** Standbys, with the service's login. */
  readonly serviceReplicaUrls?: readonly string[] | undefined
  readonly serviceMaxConnections: number
  /** What to do about a login to which row-level security would not apply. */
  readonly privilegedLogin: 'refuse' | 'warn' | 'allow'
  readonly maxConnections: number
  readonly minConnections: number
  /** Processes that share the server. */
  readonly instances: number
  readonly connectTimeoutMs: number
  readonly acquireTimeoutMs: number
  /** 0: never. */
  readonly idleTimeoutMs: number
  /** 0: never. */
  readonly maxLifetimeMs: number
  readonly testBeforeAcquire: boolean
  /** A connection used within this time is not tested. 0: always test. */
  readonly testBypassMs: number
  /** 0: none. Enforced by the server, as are the next two. */
  readonly statementTimeoutMs: number
  readonly lockTimeoutMs: number
  readonly idleInTransactionTimeoutMs: number
  /** 0: connections held for long are not reported. */
  readonly leakThresholdMs: number
  readonly applicationName: string
  /** What `databaseUrl` connects to: the server, or a pooler in transaction mode. */
  readonly pooler: 'none' | 'transaction'
  /** Whether Prisma's reads are answered by compiled plans, and the rows of createMany are sent as arrays. */
  readonly compiledQueries: boolean
}

/**
 * Reads the settings from an environment.
 * @throws {ConfigError} `config.invalid`, naming every fault by variable, with no secret in it. A missing DATABASE_URL
 *   is one.
 */
export function parsePostgresSettings(env: Environment): PostgresSettings {
  const { values, faults } = postgresSettings.check(env)
  const missing = isSet(env, 'DATABASE_URL')
    ? []
    : [{ name: 'DATABASE_URL', problem: 'is not set', expected: fields.DATABASE_URL.info.expected }]
  if (faults.length + missing.length > 0) throw new ConfigError([...missing, ...faults])
  const valid = values as SettingValues<typeof fields> & { readonly DATABASE_URL: string }
  return printable({
    databaseUrl: valid.DATABASE_URL,
    directDatabaseUrl: valid.DIRECT_DATABASE_URL ?? valid.DATABASE_URL,
    serviceDatabaseUrl: valid.SERVICE_DATABASE_URL,
    serviceDirectDatabaseUrl: valid.SERVICE_DIRECT_DATABASE_URL,
    ...(valid.DATABASE_REPLICA_URLS.length > 0 && { replicaUrls: valid.DATABASE_REPLICA_URLS }),
    ...(valid.SERVICE_DATABASE_REPLICA_URLS.length > 0 && { serviceReplicaUrls: valid.SERVICE_DATABASE_REPLICA_URLS }),
    serviceMaxConnections: valid.DB_SERVICE_MAX_CONNECTIONS,
    privilegedLogin: valid.DB_ALLOW_PRIVILEGED_LOGIN ? 'allow' : isProduction(env) ? 'refuse' : 'warn',
    maxConnections: valid.DB_MAX_CONNECTIONS,
    minConnections: Math.min(valid.DB_MIN_CONNECTIONS, valid.DB_MAX_CONNECTIONS),
    instances: valid.DB_INSTANCES,
    connectTimeoutMs: valid.DB_CONNECT_TIMEOUT,
    acquireTimeoutMs: valid.DB_ACQUIRE_TIMEOUT,
    idleTimeoutMs: valid.DB_IDLE_TIMEOUT,
    maxLifetimeMs: valid.DB_MAX_LIFETIME,
    testBeforeAcquire: valid.DB_TEST_BEFORE_ACQUIRE,
    testBypassMs: valid.DB_TEST_BYPASS_MS,
    statementTimeoutMs: valid.DB_STATEMENT_TIMEOUT,
    lockTimeoutMs: valid.DB_LOCK_TIMEOUT,
    idleInTransactionTimeoutMs: valid.DB_IDLE_IN_TRANSACTION_TIMEOUT,
    leakThresholdMs: valid.DB_LEAK_THRESHOLD,
    applicationName: valid.DB_APPLICATION_NAME,
    pooler: valid.DB_POOLER,
    compiledQueries: valid.DB_COMPILED_QUERIES,
  })
}
