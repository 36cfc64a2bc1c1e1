import { defined, type Effect, type MissingInternal, MiyabiError } from '@miyabi/core'
import type { SocketStats } from '../stats.js'

/** Every way in which DynamoDB itself can refuse or fail. */
export type DynamoErrorCode =
  /** Credentials missing, expired, or not accepted. */
  | 'dynamo.credentials'
  /** The credentials are good, their policy forbids this. */
  | 'dynamo.access_denied'
  /** No connection: refused, no such host, reset. */
  | 'dynamo.unreachable'
  /** Connected, but every attempt ran into `DYNAMODB_ATTEMPT_TIMEOUT_MS`. */
  | 'dynamo.timeout'
  /** The whole call ran into `DYNAMODB_TIMEOUT`. */
  | 'dynamo.deadline'
  /**
   * The whole call ran into `DYNAMODB_TIMEOUT` while a request of it waited for a free connection; `details.sockets`
   * has the queue.
   */
  | 'dynamo.sockets_busy'
  /** More than the table, an index, a partition or the account may take; `details.throttling` says which. */
  | 'dynamo.throttled'
  /** DynamoDB answered with a 5xx. */
  | 'dynamo.unavailable'
  | 'dynamo.table_missing'
  | 'dynamo.condition_failed'
  /** Another transaction had the item. Nothing was written. */
  | 'dynamo.transaction_conflict'
  /** The transaction was cancelled; `details.reasons` has one code for each of its items. */
  | 'dynamo.transaction_canceled'
  /** DynamoDB, or the entity's schema, does not accept the request. */
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
  /** From the beginning of the call. */
  readonly elapsedMs: number
  /** The SDK's name of the last error: `ProvisionedThroughputExceededException`, `ECONNREFUSED`. */
  readonly awsName?: string
  readonly throttling?: readonly ThrottlingReason[]
  /** Of a cancelled transaction: DynamoDB's code for each item, in order. */
  readonly reasons?: readonly string[]
  /** Another attempt was due, and the retry budget was spent. */
  readonly gaveUp?: 'budget'
  /** The connections at the moment of failing, where a request waited for one. */
  readonly sockets?: SocketStats
  /** What AWS support asks for. */
  readonly requestId?: string
}

/** DynamoDB refused, failed, or could not be asked. Tell the cases apart by `code`. */
export class DynamoError extends MiyabiError<DynamoErrorCode, DynamoErrorDetails> {
  override readonly name = 'DynamoError'
}

/** The installed AWS SDK lacks what is used of it. Nothing was made; install the version that the message names. */
export class DynamoInternalsError extends MiyabiError<
  'dynamo.internals_missing',
  { readonly missing: readonly MissingInternal[] }
> {
  override readonly name = 'DynamoInternalsError'

  constructor({ missing, message }: { readonly missing: readonly MissingInternal[]; readonly message: string }) {
    super('dynamo.internals_missing', `The installed AWS SDK lacks what the data layer uses of it: ${message}`, {
      details: { missing },
      remedy: 'install the version that the message names',
    })
  }
}

/** One of many that was refused. */
export interface RefusedMember {
  /** Where it was in the list given. */
  readonly index: number
  /** The code of the error that it alone would have had. */
  readonly code: string
  /** Its place and what is wrong with it, without its value. */
  readonly problem: string
}

/** What `DynamoInputError` is about. */
export interface InvalidInput {
  readonly argument: string
  /** Where `argument` is a list: each member that was refused. */
  readonly refused?: readonly RefusedMember[]
}

/**
 * An argument that cannot work was refused before anything was sent. The message names it; it does not repeat its
 * value.
 */
export class DynamoInputError extends MiyabiError<'dynamo.invalid_input', InvalidInput> {
  override readonly name = 'DynamoInputError'

  constructor(argument: string, problem: string, refused?: readonly RefusedMember[]) {
    super('dynamo.invalid_input', `${argument} ${problem}`, {
      details: { argument, ...defined({ refused }) },
    })
  }
}

/** A value that DynamoDB cannot carry without loss. `details.path` says where in the item it is. */
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
    super('dynamo.payload_too_large', `${argument} is ${bytes} bytes; an item holds at most ${maxBytes} of payload`, {
      details: { argument, bytes, maxBytes },
      remedy: 'store it elsewhere and keep a reference',
    })
  }
}

/** A cursor that was not made by this query: another question, order or version, or not a cursor at all. */
export class DynamoCursorError extends MiyabiError<'dynamo.cursor'> {
  override readonly name = 'DynamoCursorError'

  constructor() {
    super('dynamo.cursor', 'the cursor does not belong to this query', {
      remedy: 'pass it with the same arguments as the page it came from, or leave it out',
    })
  }
}

/** An event that is not known to be stored. */
export interface UnprocessedEvent {
  /** Where it was in the list given. */
  readonly index: number
  readonly id: string
  /** Why: the code of its error. Where the call ended first: `dynamo.deadline`, or `aborted` by the caller's signal. */
  readonly code: string
  /** Whether it may be stored when it is appended again. */
  readonly retryable: boolean
  /** `unknown`: a request with it may have been carried out, its answer was lost. */
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
        remedy: 'append those that details.unprocessed names again, under their ids',
        details: { stored, unprocessed, attempts },
        retryable: unprocessed.some(({ retryable }) => retryable),
        effect,
        cause,
      },
    )
  }
}
