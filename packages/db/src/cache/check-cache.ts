import type { Environment, Finding } from '@miyabi/core'
import { parseCacheSettings } from '../settings/cache-settings.js'
import type { ServiceQuery } from './home.js'

/**
 * Checks the Redis that these variables name, and the running relays; finds nothing if they name none. Changes nothing.
 *
 * @param query runs a statement as a role that may read the outbox.
 * @throws {ConfigError} `config.invalid`; and what `query` throws.
 */
export async function checkCache(
  env: Environment,
  query: ServiceQuery,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<Finding[]> {
  const settings = parseCacheSettings(env)
  if (settings.redisUrl === undefined) return []
  const { checkRedis, checkRelays } = await import('./open-cache.js')
  return [...(await checkRedis(settings.redisUrl, signal)), ...(await checkRelays(settings, query))]
}
