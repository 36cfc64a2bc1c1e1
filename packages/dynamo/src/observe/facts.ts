import type { CallInProgress, CallStart, ObserverContext } from '@miyabi/core'

/** What DynamoDB's observers are told. Each method is optional; with none of a kind, nothing of it is made. */
export interface DynamoObserver extends ObserverContext {
  /** A call begins. For whoever follows it, as a tracer. */
  begin?(call: CallStart): CallInProgress | undefined
  /** A call has ended: one of ours (`events.append`), or one command that a caller sent. Health checks are none. */
  call?(facts: DynamoCallFacts): void
  /** A request of such a call has ended, repetitions included. */
  attempt?(facts: AttemptFacts): void
}

/** One call at its end. Shared by all observers: nobody may change it. */
export interface DynamoCallFacts {
  readonly store: 'aws.dynamodb'
  /** As its caller knows it: `events.append`; of a command that a caller sent, AWS's name: `PutItem`. */
  readonly operation: string
  /** With their prefix. */
  readonly tables: readonly string[]
  /** Of `performance.now()`. */
  readonly startedAt: number
  readonly durationMs: number
  /** Requests that were made for it, repetitions included. */
  readonly attempts: number
  /** Unset where it succeeded. `code` is that of our errors; `aborted` where its caller ended it. */
  readonly error: { readonly code: string } | undefined
}

/** One request at its end. Shared by all observers: nobody may change it. */
export interface AttemptFacts {
  readonly store: 'aws.dynamodb'
  /** That of its call. */
  readonly operation: string
  /** AWS's name: `PutItem`. */
  readonly command: string
  /** The table, where it is one. With its prefix. */
  readonly table: string | undefined
  readonly tables: readonly string[]
  /** Which one at this command, from 1. */
  readonly attempt: number
  /** Of `performance.now()`: from here on it may also have waited for a free connection. */
  readonly startedAt: number
  readonly durationMs: number
  /** Unset where it succeeded. AWS's name (`ConditionalCheckFailedException`), or Node's where no answer came. */
  readonly error: string | undefined
  /** What it consumed, as DynamoDB says; of writes that their condition refused, as DynamoDB bills them. */
  readonly capacity: readonly CapacityFacts[]
  /** How large the items were, as far as known, whose writes their condition refused; undefined where none was. */
  readonly refusedBytes: number | undefined
}

/** What one request took from one table or index. In DynamoDB's units. */
export interface CapacityFacts {
  /** With its prefix. */
  readonly table: string
  /** Undefined for the table itself. */
  readonly index: string | undefined
  readonly readUnits: number
  readonly writeUnits: number
}
