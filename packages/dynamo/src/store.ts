import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { type CallRecord, runCall } from './call.js'
import type { DynamoSettings } from './config.js'
import { DynamoInputError } from './errors.js'

/** What each repository works with. */
export interface Store {
  readonly document: DynamoDBDocumentClient
  readonly settings: DynamoSettings
  /** The clock, in milliseconds since 1970. */
  readonly now: () => number
}

/** What every call of a repository takes. */
export interface CallerOptions {
  /** Ends the call; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/**
 * A document client of our own over `client`. The SDK keeps a document client's marshalling options in the configuration of
 * the client it was made from, where the next document client overwrites them; hence the copy.
 */
export function ownDocumentClient(client: DynamoDBClient): DynamoDBDocumentClient {
  const copy = Object.create(client, { config: { value: { ...client.config } } }) as DynamoDBClient
  return DynamoDBDocumentClient.from(copy, { marshallOptions: { removeUndefinedValues: true } })
}

/** Runs one call of a repository under the call's deadline; what fails inside comes out as one of our errors. */
export function call<T>(
  store: Store,
  operation: string,
  table: string,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal, record: CallRecord) => Promise<T>,
): Promise<T> {
  return runCall({ operation, tables: [table], ms: store.settings.timeoutMs, signal }, work)
}

/** DynamoDB counts expiry in seconds. */
export const toSeconds = (ms: number): number => Math.floor(ms / 1000)

/** @throws {DynamoInputError} unless `limit` is a whole number from 1 to 1,000. */
export function assertLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1000) return limit
  throw new DynamoInputError('limit', 'is not a whole number from 1 to 1000')
}
