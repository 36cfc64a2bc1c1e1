export type { PostgresErrorCode } from './errors/codes.js'
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
export type { AnyPostgresError } from './errors/errors.js'
export type { HealthProblem } from './health/findings.js'
export type { HealthOptions, PostgresHealth } from './health/health.js'
export type { MigrationState } from './health/migration-state.js'
export type { MeasuredNeed, PoolSizeAdvice, PoolSizeQuestion } from './health/pool-size.js'
export type { ServerLimits } from './health/server-limits.js'
export type { Identity } from './identity/identity.js'
export {
  adviseForServer,
  checkHealth,
  createPool,
  createPostgres,
  getPoolStats,
  openLine,
  ownClient,
  Pool,
  Prisma,
  PrismaClient,
  readServerLimits,
  useReadCache,
} from './loaded.js'
export type { PostgresObserver, RetryFacts, StatementFacts, TransactionFacts } from './observe/facts.js'
export type { PoolClosed, PoolEvent, PoolEvents, PoolObserver } from './observe/pool-events.js'
export {
  AcquireTimeoutError,
  advisePoolSize,
  agentTypes,
  billingPeriods,
  CONNECTION_SUM,
  DEFAULT_DEADLINE_MS,
  DEFAULT_RESERVE,
  executionLogLevels,
  executionStatuses,
  HISTORY_COLUMN,
  idAt,
  identityOf,
  idsBetween,
  isPostgresError,
  lineMessageTypes,
  logLevels,
  lsnOf,
  lsnText,
  mapPostgresError,
  POOL_TIERS,
  POSTGRES_ERRORS,
  PostgresError,
  parsePostgresSettings,
  pluginTiers,
  postgresSettings,
  refuseIdentity,
  replicaName,
  resolvePostgresSettings,
  resolveReplicas,
  submissionStatuses,
  subscriptionStatuses,
  usageEventTypes,
  usageMeters,
  userRoles,
} from './on-demand.js'
export type { Line, LineEvents } from './pool/line.js'
export type { PoolOptions } from './pool/pool.js'
export type { PoolUsage } from './pool/usage.js'
export type { Position } from './position/position.js'
export type { Postgres, PostgresOptions } from './postgres.js'
export type { AnyClient, ClientClass } from './prisma/client-class.js'
export type { CachedRead, ReadCache } from './prisma/read-cache.js'
export type { ReplicaClient } from './replica/replica-client.js'
export type { ReplicaLimits } from './replica/replicas.js'
export type { Tracking } from './replica/route.js'
export type { CacheStrategy, CacheTag } from './schema/cache-strategy.js'
export type {
  AgentExecutionCounts,
  AgentType,
  BillingPeriod,
  ExecutionLogLevel,
  ExecutionStatus,
  JsonDocument,
  JsonObject,
  JsonValue,
  LineMessageType,
  LogLevel,
  PluginFeatures,
  PluginLimitations,
  PluginTier,
  SubmissionStatus,
  SubscriptionStatus,
  UsageEventType,
  UsageMeter,
  UserRole,
  WorkflowDefinition,
} from './schema/domain.js'
export type {
  AgentExecution,
  ExecutionLog,
  License,
  LineMessage,
  Log,
  Plugin,
  PluginReview,
  PluginSubmission,
  Repository,
  RevokedLicense,
  Subscription,
  Trial,
  UsageAggregate,
  UsageEvent,
  User,
  WebsocketConnection,
  WebUser,
  Workflow,
} from './schema/prisma.js'
export type { TableName } from './schema/tables.generated.js'
export type { Queries, ReplicaQueries, ReplicaReadWork, ScopedPostgres } from './scoped-postgres.js'
export type { PostgresSettings } from './settings/config.js'
export type { ConnectionTarget } from './settings/connection-url.js'
export type { PasswordSource } from './settings/password.js'
export type { ResolvedSettings } from './settings/resolve.js'
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
export type { Run, TransactionOptions, TransactionRun, TransactionWork } from './transaction/transaction.js'
