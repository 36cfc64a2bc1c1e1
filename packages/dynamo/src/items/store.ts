import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Operations, RetryBudget } from '@miyabi/core'
import { runCall } from '../client/call.js'
import type { CallRecord } from '../errors/call-record.js'
import { closedError } from '../errors/closed.js'
import { DynamoInputError } from '../errors/errors.js'
import type { DynamoHooks } from '../observe/dynamo-hooks.js'
import type { DynamoSettings } from '../settings/config.js'

/** The dependencies of each repository. */
export interface Store {
  readonly document: DynamoDBDocumentClient
  readonly settings: DynamoSettings
  /** Counts every call in flight. */
  readonly operations: Operations
  /** Notified of every call. */
  readonly hooks: DynamoHooks
  /** The budget of all retries, the client's and our own. */
  readonly retryBudget: RetryBudget
  /** The clock, in milliseconds since 1970. */
  readonly now: () => number
}

/** The options of every call of a repository. */
export interface CallerOptions {
  /** Ends the call, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Runs one call of a repository under the call's deadline, unless the repository was closed; failures inside are mapped
 * to our errors.
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
 * For every `go()` of ElectroDB: DynamoDB's errors come out unchanged. Otherwise ElectroDB creates a wrapper error with
 * a stack ahead of each call, in case it fails: a tenth of the CPU of a read.
 */
export const asThrown = { originalErr: true } as const

/** DynamoDB counts expiry in seconds. */
export const toSeconds = (ms: number): number => Math.floor(ms / 1000)

/** @throws {DynamoInputError} unless `limit` is a whole number from 1 to 1,000. */
export function assertLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1000) return limit
  throw new DynamoInputError('limit', 'is not a whole number from 1 to 1000')
}
