import { isMiyabiError } from '../errors/known-error.js'
import { mapError } from '../errors/map-error.js'

/** Failures of a whole store that are not said to pass by themselves. */
const OF_STORE: ReadonlySet<string> = new Set([
  'postgres.unreachable',
  'postgres.connection_lost',
  'postgres.pool.acquire_timeout',
  'dynamo.unreachable',
])

/** Whether a load failed because a store cannot answer now, rather than because of what was asked. */
export function isStoreFailure(error: unknown): boolean {
  const mapped = mapError(error)
  return isMiyabiError(mapped) && (mapped.retryable || OF_STORE.has(mapped.code))
}
