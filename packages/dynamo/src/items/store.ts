import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Operations, RetryBudget } from '@miyabi/core'
import { runCall } from '../client/call.js'
import type { CallRecord } from '../errors/call-record.js'
import { closedError } from '../errors/closed.js'
import { DynamoInputError } from '../errors/errors.js'
import type { DynamoHooks } from '../observe/dynamo-hooks.js'
import type { DynamoSettings } from '../settings/config.js'

/** What each repository works with. */
export interface Store {
  readonly document: DynamoDBDocumentClient
  readonly settings: DynamoSettings
  /** Every call on its way is one of these. */
  readonly operations: Operations
  /** Told of every call. */
  readonly hooks: DynamoHooks
  /** What every repetition draws on, the client's and our own. */
  readonly retryBudget: RetryBudget
  /** The clock, in milliseconds since 1970. */
  readonly now: () => number
}

/** What every call of a repository takes. */
export interface CallerOptions {
  /** Ends the call; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Runs one call of a repository under the call's deadline, unless it was closed; what fails inside comes out as one of
 * our errors.
 */
export function call<T>(
  store: Store,
  operation: string,
  table: string,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal, record: CallRecord) => Promise<T>,
): Promise<T> {
  const { hooks, settings } = store
  const options = { operation, tables: [table], ms: settings.timeoutMs, signal, hooks }
  return store.operations.begin(
    () => runCall(options, work),
    () => closedError(operation, options.tables),
  )
}

/**
 * For every `go()` of ElectroDB: what DynamoDB throws comes out as it is. Otherwise ElectroDB makes the error to wrap
 * it in ahead of each call, with a stack, in case it fails: a tenth of the CPU of a read.
 */
export const asThrown = { originalErr: true } as const

/** DynamoDB counts expiry in seconds. */
export const toSeconds = (ms: number): number => Math.floor(ms / 1000)

/** @throws {DynamoInputError} unless `limit` is a whole number from 1 to 1,000. */
export function assertLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1000) return limit
  throw new DynamoInputError('limit', 'is not a whole number from 1 to 1000')
}
