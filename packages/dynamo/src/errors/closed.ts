import { DynamoError } from './errors.js'

/** What a call that comes after `close()` is told. */
export function closedError(operation: string, tables: readonly string[]): DynamoError {
  return new DynamoError('dynamo.closed', `${operation} came after close(); nothing was sent`, {
    details: { operation, tables, attempts: 0, elapsedMs: 0 },
    retryable: false,
    effect: 'none',
    remedy: 'make a new one',
  })
}
