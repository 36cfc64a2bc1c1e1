import { setMaxListeners } from 'node:events'
import { defined, isMiyabiError, withDeadline } from '@miyabi/core'
import { type CallRecord, newRecord } from '../errors/call-record.js'
import { DynamoError } from '../errors/errors.js'
import { CREDENTIALS_REMEDY, isDynamoFailure, toDynamoError } from '../errors/map-error.js'
import type { DynamoHooks } from '../observe/dynamo-hooks.js'

export interface CallOptions {
  /** The call as its caller knows it: `events.append`. */
  readonly operation: string
  readonly tables?: readonly string[]
  /** How long the whole call may take. */
  readonly ms: number
  readonly signal?: AbortSignal | undefined
  /** Notified of its outcome. */
  readonly hooks?: DynamoHooks | undefined
  /** Whether it is part of another call, which reports for both. */
  readonly isPart?: boolean
}

const records = new WeakMap<AbortSignal, CallRecord>()

/** The call that a signal belongs to, if any. That call's deadline governs every request made under the signal. */
export function recordOf(signal: AbortSignal | undefined): CallRecord | undefined {
  return signal && records.get(signal)
}

/**
 * Runs all the requests of one call under one deadline. `work` must hand its signal to every request.
 *
 * @throws {DynamoError} `dynamo.deadline` when the time is over, with what happened until then; `dynamo.sockets_busy`
 * when it was spent waiting for a connection.
 */
export function withCallDeadline<T>(
  options: CallOptions,
  work: (signal: AbortSignal, record: CallRecord) => Promise<T>,
): Promise<T> {
  const record = newRecord(options)
  const { calls } = options.hooks ?? {}
  if (!calls?.isFollowed || options.isPart) return callOf(options, record, work)
  const start = { store: 'aws.dynamodb', operation: options.operation } as const
  return calls.run(
    start,
    () => callOf(options, record, work),
    (error) => failureOf(error, record, options.signal),
  )
}

function callOf<T>(
  options: CallOptions,
  record: CallRecord,
  work: (signal: AbortSignal, record: CallRecord) => Promise<T>,
): Promise<T> {
  const ended = withDeadline(
    { ms: options.ms, signal: options.signal, onTimeout: () => deadlineError(record, options.ms) },
    (signal) => {
      records.set(signal, record)
      // Each request in flight listens; a page may take twenty of them. The signal is discarded with the call.
      setMaxListeners(0, signal)
      return work(signal, record)
    },
  )
  return record.hooks?.call.isHeard && !options.isPart ? told(ended, record, options.signal) : ended
}

/** Reports how a call ended, once its caller has the result. */
function told<T>(ended: Promise<T>, record: CallRecord, signal: AbortSignal | undefined): Promise<T> {
  const tell = (code: string | undefined): void =>
    record.hooks?.call.tell({
      store: 'aws.dynamodb',
      operation: record.operation,
      tables: [...record.tables],
      startedAt: record.startedAtMs,
      durationMs: performance.now() - record.startedAtMs,
      attempts: record.attempts,
      error: code === undefined ? undefined : { code },
    })
  ended.then(
    () => tell(record.failedWith),
    (error: unknown) => tell(failureOf(error, record, signal)),
  )
  return ended
}

/** A mistake in the caller's code or ours has no code. */
function failureOf(error: unknown, record: CallRecord, signal: AbortSignal | undefined): string {
  if (signal?.aborted) return 'aborted'
  if (isMiyabiError(error)) return error.code
  return isDynamoFailure(error) ? toDynamoError(error, record).code : 'other'
}

/** For work that consists of many calls, each with its own deadline: failures of the store are mapped to our errors. */
export async function withOurErrors<T>(
  options: Pick<CallOptions, 'operation' | 'tables' | 'signal'>,
  work: () => Promise<T>,
): Promise<T> {
  const record = newRecord(options)
  try {
    return await work()
  } catch (error) {
    if (options.signal?.aborted || !isDynamoFailure(error)) throw error
    throw toDynamoError(error, record)
  }
}

/**
 * `withCallDeadline` for one of our calls: failures of the store are mapped to our errors. The caller's abort reason is
 * passed through unchanged, and so is a mistake in the code, a caller's or ours.
 */
export async function runCall<T>(
  options: CallOptions,
  work: (signal: AbortSignal, record: CallRecord) => Promise<T>,
): Promise<T> {
  let record: CallRecord | undefined
  try {
    return await withCallDeadline(options, (signal, current) => {
      record = current
      return work(signal, current)
    })
  } catch (error) {
    if (options.signal?.aborted || record === undefined || !isDynamoFailure(error)) throw error
    throw toDynamoError(error, record)
  }
}

function deadlineError(record: CallRecord, ms: number): DynamoError {
  const { operation, tables, attempts, lastFailure, waiting, sockets } = record
  const effect = record.possibleWrites > 0 ? 'unknown' : 'none'
  const last = lastFailure === undefined ? '' : `, the last of which failed with ${lastFailure}`
  const outcome = effect === 'unknown' ? '; its writes may be stored' : ''
  const queue = waiting > 0 ? sockets?.stats : undefined
  const remedy = queue
    ? 'send fewer concurrent requests, or raise DYNAMODB_MAX_SOCKETS'
    : attempts > 0 || record.waitsFor !== undefined
      ? 'retry it if its effect allows, or raise DYNAMODB_TIMEOUT'
      : CREDENTIALS_REMEDY // Before the first request the SDK resolves credentials, which takes long on a machine
  // without any.
  const why = queue
    ? `it waited for a free connection while ${queue.active} of ${queue.max} (DYNAMODB_MAX_SOCKETS) were in use and ${queue.waiting} requests were waiting`
    : (record.waitsFor ?? requests(attempts))
  return new DynamoError(
    queue ? 'dynamo.sockets_busy' : 'dynamo.deadline',
    `${operation} did not end within ${ms} ms (DYNAMODB_TIMEOUT): ${why}${last}${outcome}`,
    {
      details: {
        operation,
        tables: [...tables],
        attempts,
        elapsedMs: Math.round(performance.now() - record.startedAtMs),
        ...defined({ awsName: lastFailure, sockets: queue }),
      },
      retryable: true,
      effect,
      remedy,
    },
  )
}

function requests(attempts: number): string {
  if (attempts === 0) return 'no request was made (resolving AWS credentials takes long)'
  return attempts === 1 ? '1 request was made' : `${attempts} requests were made`
}
