import { printable } from '@miyabi/core'
import type { PostgresSettings } from './config.js'
import { type ResolvedSettings, resolveUrl } from './resolve.js'

/** Returns the name of a replica's pool, used in errors and events. @param index from 0. */
export const replicaName = (index: number, mayServe: boolean): string =>
  `${mayServe ? 'service-' : ''}replica-${index + 1}`

/**
 * Returns the settings of the pools that read from replicas, one for each URL: the primary's, with no connections
 * opened in advance.
 * @param mayServe whether for the service's login.
 * @throws {ConfigError} if a URL cannot be used, or a certificate file that it names cannot be read.
 */
export function resolveReplicas(settings: PostgresSettings, mayServe: boolean): readonly ResolvedSettings[] {
  const { replicaUrls = [], serviceReplicaUrls = [] } = settings
  const [urls, variable] = mayServe
    ? ([serviceReplicaUrls, 'SERVICE_DATABASE_REPLICA_URLS'] as const)
    : ([replicaUrls, 'DATABASE_REPLICA_URLS'] as const)
  return urls.map((databaseUrl) => resolveUrl(printable({ ...settings, databaseUrl, minConnections: 0 }), variable))
}
