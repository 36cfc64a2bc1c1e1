import { isMiyabiError, type WithCode } from '@miyabi/core'
import type { IllegalTransitionError, StaleAgentStateError } from './agent-state/errors.js'
import type {
  DynamoCursorError,
  DynamoError,
  DynamoInputError,
  DynamoInternalsError,
  DynamoValueError,
  PayloadTooLargeError,
  UnprocessedEventsError,
} from './errors/errors.js'
import type { EventWriterError } from './events/errors.js'
import type { ItemShapeError } from './items/schema-version.js'
import type { MessageLeaseLostError, MessageQueueFullError, RecipientLeasedError } from './messages/errors.js'
import type { DestructiveStepsError, TableNotReadyError } from './tables/errors.js'

/** One of the errors of the DynamoDB side: `code` distinguishes them and determines the type of `details`. */
export type AnyDynamoError =
  | DestructiveStepsError
  | DynamoCursorError
  | DynamoError
  | DynamoInputError
  | DynamoInternalsError
  | DynamoValueError
  | EventWriterError
  | IllegalTransitionError
  | ItemShapeError
  | MessageLeaseLostError
  | MessageQueueFullError
  | PayloadTooLargeError
  | RecipientLeasedError
  | StaleAgentStateError
  | TableNotReadyError
  | UnprocessedEventsError

/**
 * Returns whether an error is one of the DynamoDB side and, if codes are given, whether it has one of them, with its
 * details.
 */
export function isDynamoError<Code extends AnyDynamoError['code'] = AnyDynamoError['code']>(
  error: unknown,
  ...codes: readonly Code[]
): error is WithCode<AnyDynamoError, Code> {
  return isMiyabiError(error, ...codes) && error.code.startsWith('dynamo.')
}
