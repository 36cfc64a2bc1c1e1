import { defined } from '@miyabi/core'
import type pg from 'pg'
import { driverPassword } from './password.js'
import type { ResolvedSettings } from './resolve.js'

/**
 * After this long without traffic on an open socket the system probes the peer, so that firewalls see traffic and dead
 * peers are detected.
 */
const KEEP_ALIVE_AFTER_MS = 10_000
/**
 * The last part of a lifetime over which expiry is staggered, so that connections opened together do not expire
 * together.
 */
const LIFETIME_JITTER = 0.1

/**
 * Converts the settings to the driver's options, for one connection. The password is a separate field, which the driver
 * hides from `util.inspect`; a connection string would not be hidden.
 */
export function toClientConfig(settings: ResolvedSettings): pg.ClientConfig {
  const { host, port, database, user, ssl } = settings.target
  const password = settings.password === undefined ? settings.target.password : driverPassword(settings.password)
  return {
    host,
    port,
    database,
    user,
    ...defined({ password }),
    ssl: ssl && { ...ssl }, // the driver hides the key in the object it receives
    application_name: settings.applicationName,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
    // A pooler in transaction mode rejects them or, worse, drops them: there the role has them.
    ...(settings.pooler === 'none' ? { options: startupOptions(settings) } : {}),
  }
}

/** The lifetime of one connection: 90 to 100 percent of the setting. */
export function jitteredLifetimeSeconds(lifetimeMs: number): number {
  return (lifetimeMs / 1000) * (1 - Math.random() * LIFETIME_JITTER)
}

/**
 * Settings that every session must have, besides UTC. Timeouts: the server enforces them and stops the work; a timeout
 * in the driver would only abandon it. Values of `pg_settings`, in milliseconds.
 */
export function sessionSettings(settings: ResolvedSettings): Readonly<Record<string, string>> {
  const { schema } = settings.target
  return {
    statement_timeout: String(settings.statementTimeoutMs),
    lock_timeout: String(settings.lockTimeoutMs),
    idle_in_transaction_session_timeout: String(settings.idleInTransactionTimeoutMs),
    ...defined({ search_path: schema }),
  }
}

function startupOptions(settings: ResolvedSettings): string {
  return Object.entries(sessionSettings(settings))
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ')
}
