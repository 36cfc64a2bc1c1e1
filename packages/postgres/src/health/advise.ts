import { defined } from '@miyabi/core'
import { onOwnConnection } from '../pool/own-connection.js'
import type { PoolUsage } from '../pool/usage.js'
import type { PostgresSettings } from '../settings/config.js'
import { resolvePostgresSettings } from '../settings/resolve.js'
import { advisePoolSize, type PoolSizeAdvice } from './pool-size.js'
import { readServerLimits } from './server-limits.js'

/**
 * Calls `advisePoolSize` for the server of the settings, queried over a separate connection.
 * @throws {PostgresError} if it does not answer within a second.
 */
export async function adviseForServer(
  settings: PostgresSettings,
  options: { readonly usage?: PoolUsage; readonly signal?: AbortSignal | undefined } = {},
): Promise<PoolSizeAdvice> {
  const { instances, maxConnections, serviceDatabaseUrl, serviceMaxConnections } = settings
  const serviceConnections = serviceDatabaseUrl === undefined ? 0 : serviceMaxConnections
  const server = await onOwnConnection(resolvePostgresSettings(settings), options.signal, readServerLimits)
  return advisePoolSize({
    instances,
    maxConnections,
    serviceConnections,
    server,
    ...defined({ usage: options.usage }),
  })
}
