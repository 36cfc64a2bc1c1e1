import type { DynamoSettings } from '@miyabi/dynamo/on-demand'
import type { ResolvedSettings } from '@miyabi/postgres'
import { replicaName, resolveReplicas } from '@miyabi/postgres/on-demand'

/** Where one PostgreSQL login connects to. */
export interface PostgresServer {
  readonly host: string
  readonly port: number
  readonly database: string
  /** DB_ACQUIRE_TIMEOUT: the longest a caller waits for a connection, in milliseconds. */
  readonly acquireTimeoutMs: number
}

/** Where both stores are. */
export interface DatabaseServers {
  readonly postgres: PostgresServer
  /** For SERVICE_DATABASE_URL, if that is set. */
  readonly service?: PostgresServer
  /** The replicas of both logins, by the names of their pools: `replica-1`, `service-replica-1`. */
  readonly replicas?: Readonly<Record<string, PostgresServer>>
  /** For AWS only the region is known. */
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
    ...replicasOf(application),
    dynamodb: { ...(endpoint === undefined ? {} : endpointOf(new URL(endpoint))), region },
  }
}

function replicasOf(settings: ResolvedSettings): Pick<DatabaseServers, 'replicas'> {
  const named = [false, true].flatMap((mayServe) =>
    resolveReplicas(settings, mayServe).map(
      (one, index) => [replicaName(index, mayServe), postgresServer(one)] as const,
    ),
  )
  return named.length === 0 ? {} : { replicas: Object.fromEntries(named) }
}

function postgresServer({ target, acquireTimeoutMs }: ResolvedSettings): PostgresServer {
  const { host, port, database } = target
  return { host, port, database, acquireTimeoutMs }
}

function endpointOf({ hostname, port, protocol }: URL): { readonly host: string; readonly port: number } {
  return { host: hostname, port: Number(port) || (protocol === 'https:' ? 443 : 80) }
}
