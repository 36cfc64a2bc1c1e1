/**
 * PostgreSQL for a process that may not need it: its settings, errors and names, and functions that load Prisma's
 * runtime and the driver when they are first called. Importing this loads neither.
 */
import { load } from './load.js'
import type * as loaded from './loaded.js'
import type { AnyClient } from './prisma/client-class.js'
import type { PrismaClient } from './schema/prisma.js'

export { POSTGRES_ERRORS } from './errors/codes.js'
export { AcquireTimeoutError, isPostgresError, PostgresError } from './errors/errors.js'
export { mapPostgresError } from './errors/map-error.js'
export { advisePoolSize } from './health/pool-size.js'
export { identityOf, refuseIdentity } from './identity/identity.js'
export { idAt, idsBetween } from './ids/ids.js'
export { lsnOf, lsnText } from './position/position.js'
export {
  agentTypes,
  billingPeriods,
  executionLogLevels,
  executionStatuses,
  lineMessageTypes,
  logLevels,
  pluginTiers,
  submissionStatuses,
  subscriptionStatuses,
  usageEventTypes,
  usageMeters,
  userRoles,
} from './schema/domain.js'
export { Prisma } from './schema/prisma.js'
export { parsePostgresSettings, postgresSettings } from './settings/config.js'
export { CONNECTION_SUM, DEFAULT_RESERVE, POOL_TIERS } from './settings/connection-sum.js'
export { replicaName, resolveReplicas } from './settings/replica-settings.js'
export { resolvePostgresSettings } from './settings/resolve.js'
export { DEFAULT_DEADLINE_MS } from './transaction/default-deadline.js'
export { HISTORY_COLUMN } from './transaction/server-history.js'

/** Like `createPostgres` of the package, except that Prisma's runtime and the driver are loaded by this call. */
export function createPostgres<Client extends AnyClient = PrismaClient>(
  ...args: Parameters<typeof loaded.createPostgres<Client>>
): ReturnType<typeof loaded.createPostgres<Client>> {
  return load().createPostgres(...args)
}

export const checkHealth: typeof loaded.checkHealth = (...args) => load().checkHealth(...args)

export const openLine: typeof loaded.openLine = (...args) => load().openLine(...args)

export const ownClient: typeof loaded.ownClient = (...args) => load().ownClient(...args)

export const useReadCache: typeof loaded.useReadCache = (...args) => load().useReadCache(...args)
