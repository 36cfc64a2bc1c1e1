import type { CallInProgress, CallStart, ObserverContext } from '@miyabi/core'

/** What DynamoDB's observers receive. Each method is optional; a fact without an observer is not created. */
export interface DynamoObserver extends ObserverContext {
  /** A call begins. For observers that follow a call, such as tracers. */
  begin?(call: CallStart): CallInProgress | undefined
  /** A call has ended: one of ours (`events.append`), or one command that a caller sent. Health checks are excluded. */
  call?(facts: DynamoCallFacts): void
  /** A request of such a call has ended, retries included. */
  attempt?(facts: AttemptFacts): void
}

/** One call at its end. Shared by all observers: do not modify it. */
export interface DynamoCallFacts {
  readonly store: 'aws.dynamodb'
  /** The name its caller knows: `events.append`; for a command that a caller sent, AWS's name: `PutItem`. */
  readonly operation: string
  /** With their prefix. */
  readonly tables: readonly string[]
  /** Of `performance.now()`. */
  readonly startedAt: number
  readonly durationMs: number
  /** Number of requests made for it, retries included. */
  readonly attempts: number
  /** Unset if it succeeded. `code` is that of our errors; `aborted` if its caller ended it. */
  readonly error: { readonly code: string } | undefined
}

/** One request at its end. Shared by all observers: do not modify it. */
export interface AttemptFacts {
  readonly store: 'aws.dynamodb'
  /** The id of its call. */
  readonly operation: string
  /** AWS's name: `PutItem`. */
  readonly command: string
  /** The table, if there is exactly one. With its prefix. */
  readonly table: string | undefined
  readonly tables: readonly string[]
  /** The attempt number of this command, from 1. */
  readonly attempt: number
  /** From `performance.now()`: from then on it may also have waited for a free connection. */
  readonly startedAt: number
  readonly durationMs: number
  /** Unset if it succeeded. AWS's name (`ConditionalCheckFailedException`), or Node's if no response arrived. */
  readonly error: string | undefined
  /** Consumed capacity as DynamoDB reports it; for writes rejected by their condition, as DynamoDB bills them. */
  readonly capacity: readonly CapacityFacts[]
  /**
   * Sizes, as far as known, of the items whose writes were rejected by their condition; undefined if there were none.
   */
  readonly refusedBytes: number | undefined
}

/** The capacity one request took from one table or index. In DynamoDB's units. */
export interface CapacityFacts {
  /** With its prefix. */
  readonly table: string
  /** Undefined for the table itself. */
  readonly index: string | undefined
  readonly readUnits: number
  readonly writeUnits: number
}
