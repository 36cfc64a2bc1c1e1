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
export { type CloseOnSignalOptions, closeOnSignal } from './context/close-on-signal.js'
export {
  type CreateOptions,
  type DatabaseClosed,
  DatabaseContext,
  type DatabaseStats,
  type FromEnvOptions,
} from './context/context.js'
export type { ScopedContext } from './context/scoped-context.js'
export { sharedContext } from './context/shared-context.js'
export type { DatabaseHealth, Readiness } from './health/health.js'
export { renderEnvFile, renderSettingsPage } from './settings/render-settings.js'
export { contextSettings, type DatabaseSettings, parseDatabaseSettings, settingsGroups } from './settings/settings.js'
