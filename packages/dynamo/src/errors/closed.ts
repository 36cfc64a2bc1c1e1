import { DynamoError } from './errors.js'

/** The error of a call that comes after `close()`. */
export function closedError(operation: string, tables: readonly string[]): DynamoError {
  return new DynamoError('dynamo.closed', `${operation} was called after close(); nothing was sent`, {
    details: { operation, tables, attempts: 0, elapsedMs: 0 },
    retryable: false,
    effect: 'none',
    remedy: 'create a new instance',
  })
}
