export { type BackfillOptions, type BackfillProgress, describeBackfill } from '@miyabi/core'
export type { AgentStates, RestartedAgentState } from './agent-state/agent-states.js'
export type { AgentStateEffect, AgentStateEffectResult } from './agent-state/effect.js'
export { IllegalTransitionError, StaleAgentStateError } from './agent-state/errors.js'
export type { HistoryRange } from './agent-state/history-range.js'
export type { AgentState, NewAgentState } from './agent-state/state.js'
export { type AgentStatus, agentStatuses } from './agent-state/statuses.js'
export { type AnyDynamoError, isDynamoError } from './any-error.js'
export { backfillItems, type ItemsBackfill } from './backfill/backfill-items.js'
export type { ItemChange } from './backfill/change-item.js'
export { type ClientOptions, createDynamoDBClient } from './client/client.js'
export { type ChangedAgent, deriveAgent } from './cut/derive-agent.js'
export { type ItemAtCut, itemAtCut } from './cut/item-at-cut.js'
export { createDynamo, type Dynamo } from './dynamo.js'
export {
  DynamoCursorError,
  DynamoError,
  type DynamoErrorCode,
  type DynamoErrorDetails,
  DynamoInputError,
  DynamoInternalsError,
  DynamoValueError,
  type InvalidInput,
  PayloadTooLargeError,
  type RefusedMember,
  type ThrottlingReason,
  type UnprocessedEvent,
  UnprocessedEventsError,
} from './errors/errors.js'
export { mapDynamoError } from './errors/map-error.js'
export { EventWriterError, type EventWriterErrorCode } from './events/errors.js'
export type { EventType, NewEvent, StoredEvent } from './events/event.js'
export type { Events } from './events/events.js'
export type { EventRange } from './events/range.js'
export { defaultShards, type ShardPlan, type ShardStep, type ShardSteps } from './events/shards.js'
export { USAGE_RECORDED, type Usage } from './events/usage.js'
export { usageOf, usageRecorded } from './events/usage-event.js'
export type { EventWriter } from './events/writer.js'
export type { EventWriterOptions } from './events/writer-options.js'
export type { DynamoHealth } from './health/health.js'
export {
  type AttributeItem,
  type AttributeValue,
  fromB,
  fromBigInt,
  fromBool,
  fromItem,
  fromL,
  fromM,
  fromN,
  fromNS,
  fromS,
  fromSS,
  isNull,
  type NativeValue,
  toB,
  toBool,
  toItem,
  toL,
  toM,
  toN,
  toNS,
  toNull,
  toS,
  toSS,
} from './items/attribute-values.js'
export { createIdSource, type IdSource } from './items/ids.js'
export type { Order, Page } from './items/page.js'
export { ItemShapeError } from './items/schema-version.js'
export type { CallerOptions } from './items/store.js'
export { MessageLeaseLostError, MessageQueueFullError, RecipientLeasedError } from './messages/errors.js'
export type { LeaseOptions, MessageLease, Received, ReceiveOptions } from './messages/lease.js'
export type { Message, NewMessage } from './messages/message.js'
export type { Messages, QueueState, UndeliveredOptions } from './messages/messages.js'
export type { MessageOptions } from './messages/options.js'
export { type MessageType, messageTypes } from './messages/types.js'
export type { MessageWakes } from './messages/wakes.js'
export type { AttemptFacts, CapacityFacts, DynamoCallFacts, DynamoObserver } from './observe/facts.js'
export type { DynamoOptions, Retention } from './options.js'
export type { PersonTable } from './persons/kinds.js'
export type { PersonKeys } from './persons/partitions.js'
export type { PersonCounts, PersonItem, Persons } from './persons/persons.js'
export { type DynamoSettings, dynamoSettings, parseDynamoSettings } from './settings/config.js'
export { type AwsKeys, type CredentialSource, unreadCredentials } from './settings/credentials.js'
export type { CapacityUse, DynamoStats, EventWriterStats, SocketStats } from './stats.js'
export type { Change, StreamItems, StreamName, StreamRecord } from './streams/change.js'
export type {
  LostPage,
  LostShard,
  StreamPage,
  StreamPosition,
  StreamShard,
  StreamShards,
  Streams,
} from './streams/streams.js'
export type { TablesApplied } from './tables/apply.js'
export type { ScalingTarget } from './tables/auto-scaling.js'
export type { Billing, CapacityRange, IndexDefinition, Provisioned, TableDefinition } from './tables/definition.js'
export { tableDefinitions } from './tables/definitions.js'
export { DestructiveStepsError, TableNotReadyError } from './tables/errors.js'
export {
  type CloudFormationResource,
  type CloudFormationTemplate,
  type ExportOptions,
  toCloudFormation,
} from './tables/export/cloudformation.js'
export { type TerraformConfiguration, toTerraform } from './tables/export/terraform.js'
export type { ApplyOptions, TableProgress } from './tables/options.js'
export type { TableDifference, TableRequest, TableStep, TablesPlan, UnverifiableFact } from './tables/step.js'
export type { Tables, TablesStatus } from './tables/tables.js'
