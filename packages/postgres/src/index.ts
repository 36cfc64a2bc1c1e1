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
export { checkHealth, type PostgresHealth } from './health.js'
export { mapPostgresError } from './map-error.js'
export { createPool, getPoolStats, Pool, type PoolOptions } from './pool.js'
export type { PoolClosed } from './pool-log.js'
export type { PoolStats } from './pool-stats.js'
export { createPostgres, type Postgres, type PostgresOptions } from './postgres.js'
export * from './prisma.js'
export type { ReadOptions, ReadWork } from './read.js'
export { DEFAULT_DEADLINE_MS, type Run, type TransactionOptions, type TransactionWork } from './transaction.js'
