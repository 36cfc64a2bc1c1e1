import type { CallInProgress, CallStart, ObserverContext } from '@miyabi/core'
import type { PoolEvent } from './pool-events.js'

/**
 * The events that PostgreSQL's observers receive. Each method is optional; without an observer for it, an event is not
 * built.
 */
export interface PostgresObserver extends ObserverContext {
  /**
   * A call starts: of Prisma's client, `transaction()`, `read()`, `query()`. For observers that follow it, such as a
   * tracer.
   */
  begin?(call: CallStart): CallInProgress | undefined
  /**
   * A statement has ended, and its caller has the answer. The pool's own tests, the identity before a statement and
   * health checks do not count.
   */
  statement?(facts: StatementFacts): void
  /** Something happened to a pool. */
  pool?(event: PoolEvent): void
  /** A transaction on the server has ended. A `transaction()` that is retried counts once per attempt. */
  transaction?(facts: TransactionFacts): void
  /** Something failed that can be retried, and is retried, or given up. */
  retry?(facts: RetryFacts): void
}

/** One statement at its end. Shared by all observers: do not change it. */
export interface StatementFacts {
  readonly store: 'postgresql'
  /** `main`, or the service's own: `service`. */
  readonly pool: string
  /** `SELECT`, `INSERT`, `BEGIN` ...: one of about fifty words, or `other`. */
  readonly operation: string
  /** The table of the schema that it reads or writes first; undefined if there is none. */
  readonly collection: string | undefined
  /**
   * As it was sent, with placeholders for values. It contains a value only if the caller wrote one into it. For the
   * start of a transaction the settings are omitted.
   */
  readonly sql: string
  /**
   * The author: a compiled read, a bulk insert, Prisma, a caller; `transaction` for statements that start or end one,
   * whoever wrote them.
   */
  readonly path: 'compiled' | 'bulk' | 'prisma' | 'sql' | 'transaction'
  /** The same for all statements on the result of one `as()` call, and for no others; undefined outside of those. */
  readonly scope: object | undefined
  /**
   * By `performance.now()`: when it was passed to a connection. The wait for a connection is the pool's `acquired`
   * event.
   */
  readonly startedAt: number
  /**
   * Until its answer arrived. A text of several statements creates a fact for each, with an equal share of the time.
   */
  readonly durationMs: number
  /** Rows returned or changed, as reported by the server; undefined if it reports none. */
  readonly rows: number | undefined
  /** Unset if it succeeded. `code` is ours, `sqlState` the server's. */
  readonly error: { readonly code: string; readonly sqlState: string | undefined } | undefined
}

/** One transaction on the server at its end. */
export interface TransactionFacts {
  readonly store: 'postgresql'
  readonly pool: string
  /** `failed`: it never began. `unknown`: its connection was lost during the COMMIT. */
  readonly outcome: 'committed' | 'rolled_back' | 'failed' | 'unknown'
  /** By `performance.now()`: when it got its connection. */
  readonly startedAt: number
  readonly durationMs: number
}

/** The outcome of a failure that can be retried. */
export interface RetryFacts {
  readonly store: 'postgresql'
  readonly pool: string
  readonly what: 'transaction' | 'read' | 'upsert'
  /** The code of the failure: one of ours. */
  readonly code: string
  /** Number of attempts, including this failure. */
  readonly attempt: number
  /** Why it is not retried; undefined if it is. */
  readonly gaveUp: 'deadline' | 'saturated' | 'budget' | undefined
}
