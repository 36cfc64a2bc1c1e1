import type { Ask } from '../pool/own-connection.js'

/** The connection limits of a server, as seen by one login. */
export interface ServerLimits {
  /** The server's max_connections. */
  readonly maxConnections: number
  /** Connections reserved for superusers and for roles with pg_use_reserved_connections. */
  readonly reserved: number
  /** In use now, by all users and databases. */
  readonly used: number
  /** The limit of the role (CONNECTION LIMIT); unset if there is none. */
  readonly roleLimit?: number
  /** The limit of the database; unset if there is none. */
  readonly databaseLimit?: number
}

/** Any login may read all of it. -1 is PostgreSQL's own "not limited"; reserved_connections exists from 16 on. */
const LIMITS = `
  SELECT current_setting('max_connections')::int AS "maxConnections",
         current_setting('superuser_reserved_connections')::int
           + coalesce(current_setting('reserved_connections', true)::int, 0) AS reserved,
         (SELECT coalesce(sum(numbackends), 0)::int FROM pg_stat_database) AS used,
         (SELECT rolconnlimit FROM pg_roles WHERE rolname = session_user) AS "roleLimit",
         (SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS "databaseLimit"`

/** Reads the limits. */
export async function readServerLimits(ask: Ask): Promise<ServerLimits> {
  const [row] = await ask<Required<ServerLimits>>(LIMITS)
  if (!row) throw new Error('the server returned no row')
  const { roleLimit, databaseLimit, ...limits } = row
  return {
    ...limits,
    ...(roleLimit >= 0 ? { roleLimit } : {}),
    ...(databaseLimit >= 0 ? { databaseLimit } : {}),
  }
}
