export { POSTGRES_ERRORS, type PostgresErrorCode } from './errors/codes.js'
export type {
  AcquireTimeoutDetails,
  DeadlineDetails,
  FailureDetails,
  GaveUp,
  InvalidQueryDetails,
  InvalidSqlDetails,
  Phase,
  PostgresErrorDetails,
  UnreadableDetails,
  UnreadableTypeDetails,
  ViolationDetails,
} from './errors/details.js'
export { AcquireTimeoutError, type AnyPostgresError, isPostgresError, PostgresError } from './errors/errors.js'
export { mapPostgresError } from './errors/map-error.js'
export { adviseForServer } from './health/advise.js'
export type { HealthProblem } from './health/findings.js'
export { checkHealth, type HealthOptions, type PostgresHealth } from './health/health.js'
export type { MigrationState } from './health/migration-state.js'
export {
  advisePoolSize,
  type MeasuredNeed,
  type PoolSizeAdvice,
  type PoolSizeQuestion,
} from './health/pool-size.js'
export { readServerLimits, type ServerLimits } from './health/server-limits.js'
export { type Identity, identityOf } from './identity/identity.js'
export { idAt, idsBetween } from './ids/ids.js'
export type { PostgresObserver, RetryFacts, StatementFacts, TransactionFacts } from './observe/facts.js'
export type { PoolClosed, PoolEvent, PoolEvents, PoolObserver } from './observe/pool-events.js'
export { type Line, type LineEvents, openLine } from './pool/line.js'
export { createPool, getPoolStats, Pool, type PoolOptions } from './pool/pool.js'
export type { PoolUsage } from './pool/usage.js'
export { lsnOf, lsnText, type Position } from './position/position.js'
export { createPostgres, type Postgres, type PostgresOptions } from './postgres.js'
export type { AnyClient, ClientClass } from './prisma/client-class.js'
export { type CachedRead, ownClient, type ReadCache, useReadCache } from './prisma/read-cache.js'
export type { ReplicaClient } from './replica/replica-client.js'
export type { ReplicaLimits } from './replica/replicas.js'
export type { Tracking } from './replica/route.js'
export type { CacheStrategy, CacheTag } from './schema/cache-strategy.js'
export {
  type AgentExecutionCounts,
  type AgentType,
  agentTypes,
  type BillingPeriod,
  billingPeriods,
  type ExecutionLogLevel,
  type ExecutionStatus,
  executionLogLevels,
  executionStatuses,
  type JsonDocument,
  type JsonObject,
  type JsonValue,
  type LineMessageType,
  type LogLevel,
  lineMessageTypes,
  logLevels,
  type PluginFeatures,
  type PluginLimitations,
  type PluginTier,
  pluginTiers,
  type SubmissionStatus,
  type SubscriptionStatus,
  submissionStatuses,
  subscriptionStatuses,
  type UsageEventType,
  type UsageMeter,
  type UserRole,
  usageEventTypes,
  usageMeters,
  userRoles,
  type WorkflowDefinition,
} from './schema/domain.js'
export {
  type AgentExecution,
  type ExecutionLog,
  type License,
  type LineMessage,
  type Log,
  type Plugin,
  type PluginReview,
  type PluginSubmission,
  Prisma,
  PrismaClient,
  type Repository,
  type RevokedLicense,
  type Subscription,
  type Trial,
  type UsageAggregate,
  type UsageEvent,
  type User,
  type WebsocketConnection,
  type WebUser,
  type Workflow,
} from './schema/prisma.js'
export type { TableName } from './schema/tables.generated.js'
export {
  type Queries,
  type ReplicaQueries,
  type ReplicaReadWork,
  refuseIdentity,
  type ScopedPostgres,
} from './scoped-postgres.js'
export { type PostgresSettings, parsePostgresSettings, postgresSettings } from './settings/config.js'
export { CONNECTION_SUM, DEFAULT_RESERVE, POOL_TIERS } from './settings/connection-sum.js'
export type { ConnectionTarget } from './settings/connection-url.js'
export type { PasswordSource } from './settings/password.js'
export { replicaName, resolveReplicas } from './settings/replica-settings.js'
export { type ResolvedSettings, resolvePostgresSettings } from './settings/resolve.js'
export type {
  CompiledQueryStats,
  PoolStats,
  PostgresStats,
  ReplicaProblem,
  ReplicaStats,
  ReplicasStats,
  ToPrimary,
} from './stats.js'
export type { ReadOptions, ReadWork } from './transaction/read.js'
export { HISTORY_COLUMN } from './transaction/server-history.js'
export {
  DEFAULT_DEADLINE_MS,
  type Run,
  type TransactionOptions,
  type TransactionRun,
  type TransactionWork,
} from './transaction/transaction.js'
