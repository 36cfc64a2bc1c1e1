import type { StoreHealth } from '@miyabi/core'
import type { PostgresHealth } from '@miyabi/postgres'

/** For a service that was requested without being set. */
export const serviceMissing: PostgresHealth = {
  status: 'down',
  ready: false,
  latencyMs: 0,
  reason: 'asService() was called, but SERVICE_DATABASE_URL is not set',
  remedy: 'set it to the URL of the login that acts as the service',
}

/** For an embedded stack that has no DynamoDB. @param remedy what to do about it. */
export const unavailable = async (remedy: string): Promise<StoreHealth> => ({
  status: 'down',
  ready: false,
  latencyMs: 0,
  reason: 'the embedded stack has no DynamoDB on this platform',
  remedy,
})
