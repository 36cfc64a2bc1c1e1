import { defined, type Effect, type MissingInternal, MiyabiError } from '@miyabi/core'
import type { SocketStats } from '../stats.js'

/** Every way in which DynamoDB itself can refuse or fail. */
export type DynamoErrorCode =
  /** Credentials are missing, expired, or rejected. */
  | 'dynamo.credentials'
  /** The credentials are valid, but their policy denies the request. */
  | 'dynamo.access_denied'
  /** No connection: refused, host not found, or reset. */
  | 'dynamo.unreachable'
  /** Connected, but every attempt exceeded `DYNAMODB_ATTEMPT_TIMEOUT_MS`. */
  | 'dynamo.timeout'
  /** The whole call exceeded `DYNAMODB_TIMEOUT`. */
  | 'dynamo.deadline'
  /**
   * The whole call exceeded `DYNAMODB_TIMEOUT` while one of its requests waited for a free connection;
   * `details.sockets` has the queue.
   */
  | 'dynamo.sockets_busy'
  /** More than the table, an index, a partition or the account allows; `details.throttling` says which. */
  | 'dynamo.throttled'
  /** DynamoDB responded with a 5xx. */
  | 'dynamo.unavailable'
  | 'dynamo.table_missing'
  | 'dynamo.condition_failed'
  /** Another transaction was using the item. Nothing was written. */
  | 'dynamo.transaction_conflict'
  /** The transaction was canceled; `details.reasons` has one code for each of its items. */
  | 'dynamo.transaction_canceled'
  /** DynamoDB, or the entity's schema, rejected the request. */
  | 'dynamo.validation'
  /** Called after `close()`. Nothing was sent. */
  | 'dynamo.closed'
  /** Anything else; `details.awsName` has the SDK's name for it. */
  | 'dynamo.failed'

/** Why DynamoDB throttled, such as `TableWriteKeyRangeThroughputExceeded` (a hot key) and the table or index it was. */
export interface ThrottlingReason {
  readonly reason: string
  readonly resource: string
}

export interface DynamoErrorDetails {
  /** The call as its caller knows it: `events.append`, or DynamoDB's own name, `PutItem`. */
  readonly operation: string
  /** The tables it touched. */
  readonly tables: readonly string[]
  /** Requests made, retries included. */
  readonly attempts: number
  /** Measured from the beginning of the call. */
  readonly elapsedMs: number
  /** The SDK's name of the last error: `ProvisionedThroughputExceededException`, `ECONNREFUSED`. */
  readonly awsName?: string
  readonly throttling?: readonly ThrottlingReason[]
  /** For a canceled transaction: DynamoDB's code for each item, in order. */
  readonly reasons?: readonly string[]
  /** Another attempt was due, but the retry budget was spent. */
  readonly gaveUp?: 'budget'
  /** The connections at the time of failure, if a request waited for one. */
  readonly sockets?: SocketStats
  /** The request id that AWS support asks for. */
  readonly requestId?: string
}

/** DynamoDB refused, failed, or could not be reached. Distinguish the cases by `code`. */
export class DynamoError extends MiyabiError<DynamoErrorCode, DynamoErrorDetails> {
  override readonly name = 'DynamoError'
}

/**
 * The installed AWS SDK lacks a member that is used. No client was created; install the version that the message names.
 */
export class DynamoInternalsError extends MiyabiError<
  'dynamo.internals_missing',
  { readonly missing: readonly MissingInternal[] }
> {
  override readonly name = 'DynamoInternalsError'

  constructor({ missing, message }: { readonly missing: readonly MissingInternal[]; readonly message: string }) {
    super('dynamo.internals_missing', `The installed AWS SDK lacks members that the data layer uses: ${message}`, {
      details: { missing },
      remedy: 'install the version that the message names',
    })
  }
}

/** A member of a list that was refused. */
export interface RefusedMember {
  /** Its index in the list. */
  readonly index: number
  /** The code of the error that it alone would have caused. */
  readonly code: string
  /** Its position and what is wrong with it, without its value. */
  readonly problem: string
}

/** The argument that `DynamoInputError` refers to. */
export interface InvalidInput {
  readonly argument: string
  /** If `argument` is a list: each refused member. */
  readonly refused?: readonly RefusedMember[]
}

/** An invalid argument was refused before anything was sent. The message names it; it does not repeat its value. */
export class DynamoInputError extends MiyabiError<'dynamo.invalid_input', InvalidInput> {
  override readonly name = 'DynamoInputError'

  constructor(argument: string, problem: string, refused?: readonly RefusedMember[]) {
    super('dynamo.invalid_input', `${argument} ${problem}`, {
      details: { argument, ...defined({ refused }) },
    })
  }
}

/** A value that DynamoDB cannot store without loss. `details.path` is its position in the item. */
export class DynamoValueError extends MiyabiError<'dynamo.value', { readonly path: string }> {
  override readonly name = 'DynamoValueError'

  constructor(path: string, problem: string) {
    super('dynamo.value', `${path} ${problem}`, { details: { path } })
  }
}

/** A payload does not fit into an item. Nothing was sent; store it elsewhere, and send a reference. */
export class PayloadTooLargeError extends MiyabiError<
  'dynamo.payload_too_large',
  { readonly argument: string; readonly bytes: number; readonly maxBytes: number }
> {
  override readonly name = 'PayloadTooLargeError'

  constructor(argument: string, bytes: number, maxBytes: number) {
    super(
      'dynamo.payload_too_large',
      `${argument} is ${bytes} bytes; expected at most ${maxBytes} of payload in an item`,
      {
        details: { argument, bytes, maxBytes },
        remedy: 'store it elsewhere and keep a reference',
      },
    )
  }
}

/** A cursor that was not made by this query: it belongs to another query, order or version, or is not a cursor. */
export class DynamoCursorError extends MiyabiError<'dynamo.cursor'> {
  override readonly name = 'DynamoCursorError'

  constructor() {
    super('dynamo.cursor', 'the cursor does not belong to this query', {
      remedy: 'pass it with the same arguments as the page it came from, or omit it',
    })
  }
}

/** An event that is not known to be stored. */
export interface UnprocessedEvent {
  /** Its index in the list. */
  readonly index: number
  readonly id: string
  /**
   * The reason: the code of its error. If the call ended first: `dynamo.deadline`, or `aborted` by the caller's signal.
   */
  readonly code: string
  /** Whether it may be stored when it is appended again. */
  readonly retryable: boolean
  /** `unknown`: a request with it may have been executed, but its response was lost. */
  readonly effect: Effect
}

/**
 * Some events are not known to be stored. Append the retryable ones again, under their ids: the same id is stored once.
 */
export class UnprocessedEventsError extends MiyabiError<
  'dynamo.events.unprocessed',
  { readonly stored: number; readonly unprocessed: readonly UnprocessedEvent[]; readonly attempts: number }
> {
  override readonly name = 'UnprocessedEventsError'

  constructor(
    stored: number,
    unprocessed: readonly UnprocessedEvent[],
    options: { readonly attempts: number; readonly effect: Effect; readonly cause: unknown },
  ) {
    const { attempts, effect, cause } = options
    super(
      'dynamo.events.unprocessed',
      `${unprocessed.length} of ${stored + unprocessed.length} events are not known to be stored after ${attempts} requests`,
      {
        remedy: 'append the events in details.unprocessed again, under their ids',
        details: { stored, unprocessed, attempts },
        retryable: unprocessed.some(({ retryable }) => retryable),
        effect,
        cause,
      },
    )
  }
}
