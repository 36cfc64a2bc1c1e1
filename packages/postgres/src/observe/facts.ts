import type { CallInProgress, CallStart, ObserverContext } from '@miyabi/core'
import type { PoolEvent } from './pool-events.js'

/** What PostgreSQL's observers are told. Each method is optional; with none of a kind, nothing of it is made. */
export interface PostgresObserver extends ObserverContext {
  /** A call begins: of Prisma's client, `transaction()`, `read()`, `query()`. For whoever follows it, as a tracer. */
  begin?(call: CallStart): CallInProgress | undefined
  /**
   * A statement has ended, and whoever asked for it has the answer. The pool's own tests, the identity in front of a
   * statement and health checks are none.
   */
  statement?(facts: StatementFacts): void
  /** Something happened to a pool. */
  pool?(event: PoolEvent): void
  /** A transaction on the server has ended. One of `transaction()` that is run again is as many. */
  transaction?(facts: TransactionFacts): void
  /** Something failed that may be tried again, and is, or is given up. */
  retry?(facts: RetryFacts): void
}

/** One statement at its end. Shared by all observers: nobody may change it. */
export interface StatementFacts {
  readonly store: 'postgresql'
  /** `main`, or the service's own: `service`. */
  readonly pool: string
  /** `SELECT`, `INSERT`, `BEGIN` ...: one of some fifty words, or `other`. */
  readonly operation: string
  /** The table of the schema that it reads or writes first; undefined where there is none. */
  readonly collection: string | undefined
  /**
   * As it was sent, with placeholders for values. It holds a value only where a caller wrote one into it. Of the
   * beginning of a transaction the settings are left out.
   */
  readonly sql: string
  /**
   * Who wrote it: a compiled read, a bulk insert, Prisma, a caller; `transaction` is what begins and ends one, whoever
   * wrote that.
   */
  readonly path: 'compiled' | 'bulk' | 'prisma' | 'sql' | 'transaction'
  /** The same for all statements of what one call of `as()` gave, and for no others; undefined outside of those. */
  readonly scope: object | undefined
  /** Of `performance.now()`: when it was given to a connection. Waiting for one is the pool's `acquired`. */
  readonly startedAt: number
  /**
   * Until its answer was there. A text of several statements makes a fact of each, with an equal share of the time.
   */
  readonly durationMs: number
  /** Rows that it returned or changed, as the server says; undefined where it says none. */
  readonly rows: number | undefined
  /** Unset where it succeeded. `code` is that of our errors, `sqlState` the server's. */
  readonly error: { readonly code: string; readonly sqlState: string | undefined } | undefined
}

/** One transaction on the server at its end. */
export interface TransactionFacts {
  readonly store: 'postgresql'
  readonly pool: string
  /** `failed`: it was never begun. `unknown`: its connection was lost under the COMMIT. */
  readonly outcome: 'committed' | 'rolled_back' | 'failed' | 'unknown'
  /** Of `performance.now()`: when it had its connection. */
  readonly startedAt: number
  readonly durationMs: number
}

/** What became of a failure that may be tried again. */
export interface RetryFacts {
  readonly store: 'postgresql'
  readonly pool: string
  readonly what: 'transaction' | 'read' | 'upsert'
  /** Of the failure: one of our codes. */
  readonly code: string
  /** How often it was tried, this failure included. */
  readonly attempt: number
  /** Why it is not tried again; undefined where it is. */
  readonly gaveUp: 'deadline' | 'saturated' | 'budget' | undefined
}
