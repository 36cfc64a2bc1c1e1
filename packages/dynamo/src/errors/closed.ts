import type { CallRecord } from './call-record.js'
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

/** The error of a call that `close()` canceled at the end of its grace period. */
export function canceledError(record: CallRecord): DynamoError {
  const { operation, tables, attempts, startedAtMs, possibleWrites } = record
  const outcome = possibleWrites > 0 ? '; its writes may be stored' : ''
  return new DynamoError('dynamo.closed', `${operation} was canceled by close() at the end of its grace${outcome}`, {
    details: { operation, tables: [...tables], attempts, elapsedMs: Math.round(performance.now() - startedAtMs) },
    retryable: false,
    effect: possibleWrites > 0 ? 'unknown' : 'none',
    remedy: 'give close() more time',
  })
}
