export {
  ConfigError,
  isMiyabiError,
  type Logger,
  MiyabiError,
  type StoreHealth,
  stringifyJson,
  toJson,
} from '@miyabi/core'
export { type Dynamo, DynamoError, type ShardPlan } from '@miyabi/dynamo'
export {
  type Identity,
  isPostgresError,
  mapPostgresError,
  type PasswordSource,
  type PoolSizeAdvice,
  type PoolStats,
  type PoolUsage,
  PostgresError,
  type PostgresHealth,
  Prisma,
  type PrismaClient,
  type ReadOptions,
  type Run,
  type TransactionOptions,
  type TransactionRun,
} from '@miyabi/postgres'
export { type CloseOnSignalOptions, closeOnSignal } from './close-on-signal.js'
export {
  type CreateOptions,
  type DatabaseClosed,
  DatabaseContext,
  type DatabaseStats,
  type FromEnvOptions,
} from './context.js'
export type { DatabaseHealth, Readiness } from './health.js'
export { renderEnvFile, renderSettingsPage } from './render-settings.js'
export type { ScopedContext } from './scoped-context.js'
export { contextSettings, type DatabaseSettings, parseDatabaseSettings, settingsGroups } from './settings.js'
export { sharedContext } from './shared-context.js'
