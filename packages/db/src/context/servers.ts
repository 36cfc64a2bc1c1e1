import type { DynamoSettings } from '@miyabi/dynamo/on-demand'
import type { ResolvedSettings } from '@miyabi/postgres'

/** Where one login of PostgreSQL leads. */
export interface PostgresServer {
  readonly host: string
  readonly port: number
  readonly database: string
  /** DB_ACQUIRE_TIMEOUT: how long a caller waits for a connection at most, in milliseconds. */
  readonly acquireTimeoutMs: number
}

/** Where both stores are. */
export interface DatabaseServers {
  readonly postgres: PostgresServer
  /** Of SERVICE_DATABASE_URL, where that is set. */
  readonly service?: PostgresServer
  /** Of AWS only the region is known. */
  readonly dynamodb: { readonly host?: string; readonly port?: number; readonly region: string }
}

export function serversOf(
  application: ResolvedSettings,
  service: ResolvedSettings | undefined,
  { endpoint, region }: DynamoSettings,
): DatabaseServers {
  return {
    postgres: postgresServer(application),
    ...(service && { service: postgresServer(service) }),
    dynamodb: { ...(endpoint === undefined ? {} : endpointOf(new URL(endpoint))), region },
  }
}

function postgresServer({ target, acquireTimeoutMs }: ResolvedSettings): PostgresServer {
  const { host, port, database } = target
  return { host, port, database, acquireTimeoutMs }
}

function endpointOf({ hostname, port, protocol }: URL): { readonly host: string; readonly port: number } {
  return { host: hostname, port: Number(port) || (protocol === 'https:' ? 443 : 80) }
}
