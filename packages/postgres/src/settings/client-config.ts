import { defined } from '@miyabi/core'
import type pg from 'pg'
import { driverPassword } from './password.js'
import type { ResolvedSettings } from './resolve.js'

/**
 * Silence on an open socket for this long makes the system probe the peer, so that firewalls see traffic and the dead
 * are found.
 */
const KEEP_ALIVE_AFTER_MS = 10_000
/** The last part of a lifetime over which expiry is spread, so that connections opened together do not end together. */
const LIFETIME_JITTER = 0.1

/**
 * What each setting becomes in the driver's words, for one connection. The password travels as a field of its own,
 * which the driver hides from `util.inspect`; a connection string would not be hidden.
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
    ssl: ssl && { ...ssl }, // the driver hides the key in the object that it is given
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

/**
 * What every session has to have, beside UTC. Timeouts: the server enforces them and ends the work; a timeout in the
 * driver would abandon it. Values of `pg_settings`, in milliseconds.
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
