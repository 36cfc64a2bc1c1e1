import { ConfigError } from '@miyabi/core'
import type pg from 'pg'
import type { PostgresSettings } from './config.js'
import { type ConnectionTarget, connectionUrlProblem, parseConnectionUrl } from './connection-url.js'
import { driverPassword } from './password.js'
import type { TlsMode } from './tls.js'

/** Silence on an open socket for this long makes the system probe the peer, so that firewalls see traffic and the dead are found. */
const KEEP_ALIVE_AFTER_MS = 10_000
/** The last part of a lifetime over which expiry is spread, so that connections opened together do not end together. */
const LIFETIME_JITTER = 0.1

/**
 * What each setting becomes in the driver's words, for one connection. The password travels as a field of its own, which the
 * driver hides from `util.inspect`; a connection string would not be hidden.
 * @throws {ConfigError} where the URL cannot be used, or a certificate file that it names cannot be read.
 */
export function toClientConfig(settings: PostgresSettings): pg.ClientConfig {
  const { schema: _schema, tlsMode: _tlsMode, ...target } = readTarget(settings.databaseUrl)
  return {
    ...target,
    ...(settings.password === undefined ? {} : { password: driverPassword(settings.password) }),
    application_name: settings.applicationName,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
    // A pooler in transaction mode refuses them, or worse, drops them: there the role has them.
    ...(settings.pooler === 'none' ? { options: startupOptions(settings) } : {}),
  }
}

/** The lifetime of one connection: 90 to 100 percent of the setting. */
export function jitteredLifetimeSeconds(lifetimeMs: number): number {
  return (lifetimeMs / 1000) * (1 - Math.random() * LIFETIME_JITTER)
}

/** The server, database and login of the URL in words, for messages: no password. */
export function serverOf(settings: PostgresSettings): string {
  const { host, port, database, user } = readTarget(settings.databaseUrl)
  return `server ${host}:${port}; database ${database}; user ${user}`
}

/** The login that the URL names. */
export function loginOf(settings: PostgresSettings): string {
  return readTarget(settings.databaseUrl).user
}

/** The schema that the URL names, if it names one. */
export function schemaOf(settings: PostgresSettings): string | undefined {
  return readTarget(settings.databaseUrl).schema
}

/** Whether the server is on this machine, as far as its name tells. */
export function isLocal(settings: PostgresSettings): boolean {
  return /^(localhost|127\..*|::1|\/.*)$/.test(readTarget(settings.databaseUrl).host)
}

/** How the connection is protected. */
export function tlsModeOf(settings: PostgresSettings): TlsMode {
  return readTarget(settings.databaseUrl).tlsMode
}

/**
 * What every session has to have, beside UTC. Timeouts: the server enforces them and ends the work; a timeout in the driver
 * would abandon it. Values of `pg_settings`, in milliseconds.
 */
export function sessionSettings(settings: PostgresSettings): Readonly<Record<string, string>> {
  const schema = schemaOf(settings)
  return {
    statement_timeout: String(settings.statementTimeoutMs),
    lock_timeout: String(settings.lockTimeoutMs),
    idle_in_transaction_session_timeout: String(settings.idleInTransactionTimeoutMs),
    ...(schema === undefined ? {} : { search_path: schema }),
  }
}

function startupOptions(settings: PostgresSettings): string {
  return Object.entries(sessionSettings(settings))
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ')
}

function readTarget(text: string): ConnectionTarget {
  const fault = (problem: string, expected: string): ConfigError =>
    new ConfigError([{ name: 'DATABASE_URL', problem, expected }])
  // Not by catching the URL parser's error: that one carries the text, password included.
  if (!URL.canParse(text)) throw fault('is not a URL', 'a URL such as postgresql://USER:PASSWORD@HOST:5432/DATABASE')
  const problem = connectionUrlProblem(new URL(text))
  if (problem !== undefined)
    throw fault(`the value ${problem}`, 'a URL such as postgresql://USER:PASSWORD@HOST/DATABASE')
  try {
    return parseConnectionUrl(text)
  } catch (error) {
    const { code = 'unknown' } = error as { readonly code?: string }
    throw fault(
      `names a certificate file that cannot be read (${code})`,
      'sslrootcert, sslcert and sslkey to be readable PEM files',
    )
  }
}
