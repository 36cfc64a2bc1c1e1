export {
  applicationUrlsOf,
  type BackfillOptions,
  type BackfillProgress,
  ConfigError,
  describeBackfill,
  type Effect,
  type Environment,
  isProduction,
  type LogFields,
  type Logger,
  type MissingInternal,
  MiyabiError,
  type MiyabiErrorOptions,
  RetryBudget,
  type RetryBudgetOptions,
  redactText,
  resolveServers,
  type ServerOrigin,
  type ServerOrigins,
  type SettingFault,
  type StoreHealth,
  stringifyJson,
  toJson,
} from '@miyabi/core'
// Types only: importing them loads nothing.
export type {
  AgentState,
  AgentStateEffect,
  AgentStateEffectResult,
  AgentStates,
  ApplyOptions,
  AttemptFacts,
  AttributeItem,
  AttributeValue,
  CallerOptions,
  CapacityFacts,
  CapacityUse,
  Change,
  Dynamo,
  DynamoCallFacts,
  DynamoHealth,
  DynamoObserver,
  DynamoOptions,
  DynamoSettings,
  DynamoStats,
  EventRange,
  Events,
  EventType,
  EventWriter,
  EventWriterOptions,
  EventWriterStats,
  HistoryRange,
  LeaseOptions,
  Message,
  MessageLease,
  MessageOptions,
  Messages,
  NativeValue,
  NewAgentState,
  NewEvent,
  NewMessage,
  Order,
  Page,
  PersonCounts,
  PersonItem,
  PersonKeys,
  Persons,
  PersonTable,
  QueueState,
  Received,
  ReceiveOptions,
  RestartedAgentState,
  Retention,
  SocketStats,
  StoredEvent,
  StreamItems,
  StreamName,
  TableDifference,
  TableProgress,
  TableRequest,
  TableStep,
  Tables,
  TablesApplied,
  TablesPlan,
  TablesStatus,
  UndeliveredOptions,
  UnverifiableFact,
} from '@miyabi/dynamo'
export type { CommandClient, DynamoOnDemand } from '@miyabi/dynamo/on-demand'
export {
  type AgentStatus,
  type AnyDynamoError,
  agentStatuses,
  type Billing,
  type CapacityRange,
  DestructiveStepsError,
  DynamoCursorError,
  DynamoError,
  type DynamoErrorCode,
  type DynamoErrorDetails,
  DynamoInputError,
  DynamoInternalsError,
  DynamoValueError,
  defaultShards,
  EventWriterError,
  type EventWriterErrorCode,
  IllegalTransitionError,
  type IndexDefinition,
  ItemShapeError,
  isDynamoError,
  MessageLeaseLostError,
  MessageQueueFullError,
  type MessageType,
  messageTypes,
  PayloadTooLargeError,
  type Provisioned,
  RecipientLeasedError,
  type ShardPlan,
  type ShardStep,
  type ShardSteps,
  StaleAgentStateError,
  type TableDefinition,
  TableNotReadyError,
  type ThrottlingReason,
  tableDefinitions,
  type UnprocessedEvent,
  UnprocessedEventsError,
  USAGE_RECORDED,
  type Usage,
  usageOf,
  usageRecorded,
} from '@miyabi/dynamo/on-demand'
export type {
  AcquireTimeoutDetails,
  AgentExecution,
  AgentExecutionCounts,
  AgentType,
  AnyPostgresError,
  BillingPeriod,
  CacheStrategy,
  DeadlineDetails,
  ExecutionLog,
  ExecutionLogLevel,
  ExecutionStatus,
  FailureDetails,
  GaveUp,
  HealthProblem,
  Identity,
  InvalidQueryDetails,
  JsonDocument,
  JsonObject,
  JsonValue,
  License,
  LineMessage,
  LineMessageType,
  Log,
  LogLevel,
  PasswordSource,
  Phase,
  Plugin,
  PluginFeatures,
  PluginLimitations,
  PluginReview,
  PluginSubmission,
  PluginTier,
  PoolEvent,
  PoolEvents,
  PoolObserver,
  PoolSizeAdvice,
  PoolStats,
  PoolUsage,
  PostgresErrorCode,
  PostgresErrorDetails,
  PostgresHealth,
  PostgresObserver,
  PostgresSettings,
  PrismaClient,
  Queries,
  ReadOptions,
  ReadWork,
  ReplicaClient,
  ReplicaLimits,
  ReplicaProblem,
  ReplicaReadWork,
  ReplicaStats,
  ReplicasStats,
  Repository,
  RetryFacts,
  RevokedLicense,
  Run,
  StatementFacts,
  SubmissionStatus,
  Subscription,
  SubscriptionStatus,
  ToPrimary,
  TransactionFacts,
  TransactionOptions,
  TransactionRun,
  TransactionWork,
  Trial,
  UsageAggregate,
  UsageEvent,
  UsageEventType,
  UsageMeter,
  User,
  UserRole,
  ViolationDetails,
  WebsocketConnection,
  WebUser,
  Workflow,
  WorkflowDefinition,
} from '@miyabi/postgres'
export {
  AcquireTimeoutError,
  agentTypes,
  billingPeriods,
  DEFAULT_DEADLINE_MS,
  executionLogLevels,
  executionStatuses,
  idAt,
  idsBetween,
  isPostgresError,
  lineMessageTypes,
  logLevels,
  POSTGRES_ERRORS,
  PostgresError,
  Prisma,
  pluginTiers,
  submissionStatuses,
  subscriptionStatuses,
  usageEventTypes,
  usageMeters,
  userRoles,
} from '@miyabi/postgres/on-demand'
export { checkCache } from './cache/check-cache.js'
export type { ServiceQuery } from './cache/home.js'
export type { CacheKey, CacheOptions, ScopedCache } from './cache/scoped-cache.js'
export type { CacheStats } from './cache/stats.js'
export { type CloseOnSignalOptions, closeOnSignal } from './context/close-on-signal.js'
export type { DatabaseClosed } from './context/close-parts.js'
export {
  type Database,
  DatabaseContext,
  type DatabaseStats,
  type HealthCheckOptions,
} from './context/context.js'
export type { DatabaseObserver } from './context/observer.js'
export type { CreateOptions, FromEnvOptions } from './context/options.js'
export type { ReplicaContext, ScopedContext } from './context/scoped-context.js'
export type { DatabaseServers, PostgresServer } from './context/servers.js'
export { sharedDatabase } from './context/shared-database.js'
export { type AnyCacheError, CacheError, type CacheErrorCode, type CacheErrorDetails } from './errors/cache-error.js'
export { isMiyabiError, type KnownError } from './errors/known-error.js'
export { mapError } from './errors/map-error.js'
export { NotResumedError, type RestoreDetails } from './errors/not-resumed-error.js'
export {
  type AnyOutboxError,
  OutboxError,
  type OutboxErrorCode,
  type OutboxErrorDetails,
} from './errors/outbox-error.js'
export { StreamsInputError } from './errors/streams-input-error.js'
export type { DatabaseHealth, Readiness } from './health/health.js'
export type { DepthStats } from './outbox/depth-bound.js'
export {
  type Audience,
  type BuiltInDefinition,
  type BuiltInPayloads,
  type BuiltInTopic,
  defineEffects,
  type EffectDefinition,
  type EffectDefinitions,
  type EffectName,
  effect,
  type NoEffects,
  type PayloadOf,
} from './outbox/effects.js'
export type { EffectOptions, Emitted, Outbox } from './outbox/outbox.js'
export type { OutboxRun, OutboxWork } from './outbox/outbox-transaction.js'
export { type CacheTag, tag } from './outbox/tags.js'
export type { TagsContent } from './outbox/tags-effect.js'
export { openTopics } from './outbox/topics.js'
export type { ErasedPlace, EraseOptions, Erasure } from './persons/erase.js'
export { type ExportOptions, jsonLines, type PersonalItem } from './persons/export.js'
export type { ErasureMark, MarkedErasure } from './persons/marked.js'
export type { EffectHandler, EffectHandlers } from './relay/custom.js'
export {
  type DeadLetter,
  deadLetters,
  discardDeadLetters,
  type OutboxStatus,
  outboxStatus,
  retryDeadLetters,
} from './relay/dead-letters.js'
export { EffectTimeoutError, PermanentEffectError } from './relay/errors.js'
export type { Relay, RelayOptions } from './relay/open-relay.js'
export type { RelayLimits } from './relay/options.js'
export type { RelayDrained } from './relay/relay.js'
export type { RelayStats, TopicStats } from './relay/stats.js'
export type { EffectRun } from './relay/target.js'
export { type BackupDrill, lastBackupDrill } from './restores/backup-drill.js'
export { restoreToResume } from './restores/restored-store.js'
export type { ScopeOptions } from './seen/scope-seen.js'
export { renderEnvFile, renderSettingsPage } from './settings/render-settings.js'
export { contextSettings, type DatabaseSettings, parseDatabaseSettings, settingsGroups } from './settings/settings.js'
export {
  discardStreamDeadLetters,
  retryStreamDeadLetters,
  type StreamDeadLetter,
  streamDeadLetters,
} from './streams/dead-letters.js'
export { agentExecutionProjection } from './streams/projections/agent-executions.js'
export { usageProjection } from './streams/projections/usage.js'
export type { DatabaseStreams } from './streams/streams.js'
export type {
  ConsumeOptions,
  GapReason,
  HandleChanges,
  HandleGap,
  StreamConsumer,
  StreamGap,
  StreamRun,
  StreamStats,
  StreamTransaction,
} from './streams/types.js'
