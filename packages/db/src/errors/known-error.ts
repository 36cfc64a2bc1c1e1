import { type ConfigError, isMiyabiError as isOurs, type MiyabiError, type WithCode } from '@miyabi/core'
import type { AnyDynamoError } from '@miyabi/dynamo/on-demand'
import type { AnyPostgresError } from '@miyabi/postgres'
import type { AnyCacheError } from './cache-error.js'
import type { NotResumedError } from './not-resumed-error.js'
import type { AnyOutboxError } from './outbox-error.js'
import type { StreamsInputError } from './streams-input-error.js'

/**
 * One of the errors that the context and its objects throw: `code` distinguishes them and determines the type of
 * `details`.
 */
export type KnownError =
  | AnyCacheError
  | AnyDynamoError
  | AnyOutboxError
  | AnyPostgresError
  | ConfigError
  | NotResumedError
  | StreamsInputError

/**
 * Returns whether an error is one of ours and, if codes are given, whether it has one of those: its details are then
 * typed.
 *
 * ```ts
 * if (isMiyabiError(error, 'postgres.unique_violation')) return conflict(error.details.columns)
 * if (isMiyabiError(error, 'dynamo.agent_state.stale')) return merge(error.current)
 * if (isMiyabiError(error) && error.retryable) return later()
 * ```
 */
export function isMiyabiError(error: unknown): error is MiyabiError
export function isMiyabiError<Code extends KnownError['code']>(
  error: unknown,
  ...codes: readonly [Code, ...Code[]]
): error is WithCode<KnownError, Code>
/** With codes that an application gives to its own errors. */
export function isMiyabiError<Code extends string>(
  error: unknown,
  ...codes: readonly Code[]
): error is MiyabiError<Code>
export function isMiyabiError(error: unknown, ...codes: readonly string[]): error is MiyabiError {
  return isOurs(error, ...codes)
}
