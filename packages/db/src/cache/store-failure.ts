import { isMiyabiError } from '../errors/known-error.js'
import { mapError } from '../errors/map-error.js'

/** Failures of a whole store that are not marked as transient. */
const OF_STORE: ReadonlySet<string> = new Set([
  'postgres.unreachable',
  'postgres.connection_lost',
  'postgres.pool.acquire_timeout',
  'dynamo.unreachable',
])

/** Whether a load failed because a store cannot answer now, and not because of the request. */
export function isStoreFailure(error: unknown): boolean {
  const mapped = mapError(error)
  return isMiyabiError(mapped) && (mapped.retryable || OF_STORE.has(mapped.code))
}
