export { adviseForServer } from './advise.js'
export { type PostgresSettings, parsePostgresSettings, postgresSettings } from './config.js'
export * from './domain.js'
export type {
  AcquireTimeoutDetails,
  DeadlineDetails,
  FailureDetails,
  GaveUp,
  InvalidQueryDetails,
  Phase,
  PostgresErrorDetails,
  ViolationDetails,
} from './error-details.js'
export {
  AcquireTimeoutError,
  type AnyPostgresError,
  isPostgresError,
  POSTGRES_ERRORS,
  PostgresError,
  type PostgresErrorCode,
} from './errors.js'
export { checkHealth, type HealthOptions, type PostgresHealth } from './health.js'
export type { HealthProblem } from './health-findings.js'
export type { Identity } from './identity.js'
export { mapPostgresError } from './map-error.js'
export type { MigrationState } from './migration-state.js'
export type { PasswordSource } from './password.js'
export { createPool, getPoolStats, Pool, type PoolOptions } from './pool.js'
export type { PoolClosed } from './pool-closed.js'
export type { PoolEvent, PoolEvents, PoolObserver } from './pool-events.js'
export {
  advisePoolSize,
  DEFAULT_RESERVE,
  type MeasuredNeed,
  POOL_TIERS,
  type PoolSizeAdvice,
  type PoolSizeQuestion,
} from './pool-size.js'
export type { PoolStats } from './pool-stats.js'
export { createPostgres, type Postgres, type PostgresOptions } from './postgres.js'
export * from './prisma.js'
export type { ReadOptions, ReadWork } from './read.js'
export { type Queries, refuseIdentity, type ScopedPostgres } from './scoped.js'
export { readServerLimits, type ServerLimits } from './server-limits.js'
export {
  DEFAULT_DEADLINE_MS,
  type Run,
  type TransactionOptions,
  type TransactionRun,
  type TransactionWork,
} from './transaction.js'
export type { PoolUsage } from './usage.js'
