/**
 * The names of the DynamoDB side that an application catches or refers to: errors, lists of allowed values,
 * definitions. It loads neither the AWS SDK nor ElectroDB, which an application that has not called DynamoDB does not
 * need.
 */
export { IllegalTransitionError, StaleAgentStateError } from './agent-state/errors.js'
export { type AgentStatus, agentStatuses } from './agent-state/statuses.js'
export { type AnyDynamoError, isDynamoError } from './any-error.js'
export {
  DynamoCursorError,
  DynamoError,
  type DynamoErrorCode,
  type DynamoErrorDetails,
  DynamoInputError,
  DynamoInternalsError,
  DynamoValueError,
  PayloadTooLargeError,
  type ThrottlingReason,
  type UnprocessedEvent,
  UnprocessedEventsError,
} from './errors/errors.js'
export { mapDynamoError } from './errors/map-error.js'
export { EventWriterError, type EventWriterErrorCode } from './events/errors.js'
export { defaultShards, type ShardPlan, type ShardStep, type ShardSteps } from './events/shards.js'
export { USAGE_RECORDED, type Usage } from './events/usage.js'
export { usageOf, usageRecorded } from './events/usage-event.js'
export { ItemShapeError } from './items/schema-version.js'
export { MessageLeaseLostError, MessageQueueFullError, RecipientLeasedError } from './messages/errors.js'
export { type MessageType, messageTypes } from './messages/types.js'
export type { Billing, CapacityRange, IndexDefinition, Provisioned, TableDefinition } from './tables/definition.js'
export { tableDefinitions } from './tables/definitions.js'
export { DestructiveStepsError, TableNotReadyError } from './tables/errors.js'
