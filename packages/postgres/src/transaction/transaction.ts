import { defined, withDeadline } from '@miyabi/core'
import type pg from 'pg'
import type { PostgresErrorCode } from '../errors/codes.js'
import { isPostgresError, PostgresError } from '../errors/errors.js'
import { isDatabaseError, toPostgresError } from '../errors/map-error.js'
import type { Scope } from '../identity/scope.js'
import type { Pool } from '../pool/pool.js'
import type { Prisma, PrismaClient } from '../schema/prisma.js'
import type { Runner } from '../statement/runner.js'
import type { PoolStats } from '../stats.js'
import { type AtCommit, Attempt, type Attempts, isCallOf, OUTDATED_TYPES } from './attempt.js'
import { outcomeOf } from './commit-mark.js'
import { commitUnknown } from './commit-unknown.js'
import { assertDeadline, deadlineError } from './deadline-error.js'
import { DEFAULT_DEADLINE_MS } from './default-deadline.js'
import { assertIsolation } from './isolation.js'
import { retryLostRaces } from './lost-race.js'
import type { Retrier } from './retrier.js'
import type { ServerHistory } from './server-history.js'

/** Prisma's own limits on a transaction come after ours, whose errors tell more. */
const PRISMA_MARGIN_MS = 5_000

/** After these the whole transaction may be retried: each time the server rolled it back. */
const RETRIES: ReadonlySet<PostgresErrorCode> = new Set([
  'postgres.serialization_failure',
  'postgres.deadlock',
  'postgres.transaction_lost',
  'postgres.standby',
])

export interface TransactionOptions {
  /** Default: the server's default, read committed. */
  readonly isolation?: Prisma.TransactionIsolationLevel
  /** The total time allowed, including the wait for a connection, pauses and retries. Default 10,000 ms. */
  readonly deadlineMs?: number
  /**
   * Whether to retry the work after a conflict, an upsert that lost a race, a deadlock, a connection lost before
   * COMMIT, or a table altered under a prepared statement. Default true.
   */
  readonly retry?: boolean
  /** If it aborts before the COMMIT, the running statement is canceled and the transaction rolled back. */
  readonly signal?: AbortSignal
  /**
   * Whether to write a mark with the COMMIT (a row, no extra round trip), which reveals the outcome if the answer is
   * lost: then the work's result is returned, or the work is retried, instead of `postgres.commit_unknown`. Needs an
   * identity. Default false; always on with effects.
   */
  readonly certain?: boolean
}

/** The second argument of the work of a transaction or a read, besides its client. */
export interface Run {
  /** From 1: how often the work was started, including this time. */
  readonly attempt: number
  /** Aborts when the deadline passes or the caller aborts. */
  readonly signal: AbortSignal
}

/** The second argument of the work of a transaction, besides its client. */
export interface TransactionRun extends Run {
  /**
   * Runs one SQL statement without Prisma, in this transaction, in one round trip. The text is trusted code; pass
   * values as parameters.
   * @throws {PostgresError} `postgres.transaction_timeout` once the transaction is over; `postgres.invalid_query` if a
   *   value cannot be sent; otherwise the server's error.
   */
  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<pg.QueryResult<Row>>
  /**
   * Sends a statement with the COMMIT, in the same round trip, created when that is sent. If it fails, the transaction
   * is rolled back. With such a statement, a lost outcome is found out, as with `certain`. The last one set counts.
   */
  atCommit(statement: () => AtCommit): void
  /** Whether this call comes from the running work of this transaction, and not from that of another transaction. */
  readonly isCurrent: boolean
}

/**
 * The work of a transaction. It may be called more than once, each time in a new transaction: effects elsewhere are not
 * undone.
 */
export type TransactionWork<T, Client = PrismaClient> = (
  tx: TransactionClient<Client>,
  run: TransactionRun,
) => Promise<T>

/** The client's members inside a transaction. */
type TransactionClient<Client> = Omit<Client, keyof PrismaClient & Outside>
type Outside = '$connect' | '$disconnect' | '$on' | '$extends'

/** The dependencies of transactions. */
export interface TransactionHost {
  readonly prisma: PrismaClient
  readonly pool: Pool
  readonly attempts: Attempts
  readonly retrier: Retrier
  readonly stats: () => PoolStats
  readonly runner: Runner
  readonly history: ServerHistory
  /** The scope of the transactions. */
  readonly scope: Scope | undefined
}

/**
 * Runs `work` in one transaction: committed when it resolves, rolled back when it rejects, retried if the server rolled
 * it back for transient reasons.
 * @throws {PostgresError} if the database failed; errors that `work` throws itself are passed on unchanged.
 */
export async function runTransaction<T>(
  host: TransactionHost,
  work: TransactionWork<T>,
  options: TransactionOptions = {},
): Promise<T> {
  const { isolation, deadlineMs = DEFAULT_DEADLINE_MS, retry = true, signal, certain = false } = options
  if (host.attempts.current) throw new PostgresError('postgres.transaction_nested')
  assertDeadline(deadlineMs)
  assertIsolation('isolation', isolation)
  const startedAt = performance.now()
  const remainingMs = (): number => startedAt + deadlineMs - performance.now()
  let current: Attempt | undefined
  let begun = 0
  let lastFailure: string | undefined
  const onTimeout = (): Error => {
    const { phase = 'acquire', number = 1 } = current ?? {}
    if (phase === 'commit') return commitUnknown(undefined)
    return deadlineError({ deadlineMs, startedAt, attempt: number, phase, pool: host.stats(), lastFailure })
  }
  const caller = untilCommit(signal, () => current?.phase === 'commit')
  try {
    return await withDeadline({ ms: deadlineMs, signal: caller.signal, onTimeout }, async (ending) => {
      if (certain) await host.history.learn()
      return host.retrier.run({
        what: 'transaction',
        attempt: () =>
          retryLostRaces(
            () => {
              begun += 1
              current = new Attempt(begun, ending, remainingMs, host.history)
              if (certain) current.certain()
              return attemptOnce(host, work, isolation, current)
            },
            (error) =>
              retry && current?.hasLostRace === true && isPostgresError(error, 'postgres.serialization_failure'),
            (attempt) => host.retrier.raced('transaction', attempt),
          ),
        on: retry ? RETRIES : new Set(),
        remainingMs,
        signal: ending,
        onPause: (failure) => {
          lastFailure = failure.code
          current = new Attempt(begun + 1, ending, remainingMs, host.history)
          current.phase = 'pause'
        },
      })
    })
  } finally {
    caller.stop()
  }
}

async function attemptOnce<T>(
  host: TransactionHost,
  work: TransactionWork<T>,
  isolation: Prisma.TransactionIsolationLevel | undefined,
  attempt: Attempt,
): Promise<T> {
  const { prisma, attempts, runner, scope } = host
  const { signal, number } = attempt
  const timeout = Math.max(1, Math.ceil(attempt.remainingMs)) + PRISMA_MARGIN_MS
  const run: TransactionRun = {
    attempt: number,
    signal,
    query: (text, values) => attempt.query(text, values),
    atCommit: (statement) => attempt.atCommit(statement),
    get isCurrent() {
      return isCallOf(attempt)
    },
  }
  let worked: { readonly result: T } | undefined
  const once = (): Promise<T> =>
    prisma.$transaction(
      async (tx) => {
        try {
          const result = await unlessAborted(signal, work(tx, run))
          signal.throwIfAborted()
          worked = { result }
          return result
        } finally {
          attempt.isWorking = false
        }
      },
      { timeout, maxWait: timeout, ...defined({ isolationLevel: isolation }) },
    )
  try {
    return await attempts.run(attempt, once)
  } catch (error) {
    if (!isDatabaseError(error)) throw error
    const mapped = toPostgresError(error)
    const { code, cause, details } = mapped
    if (code === 'postgres.commit_unknown' && attempt.mark && worked) {
      const outcome = await outcomeOf(attempt.mark, (text, values) => runner.sql(scope, text, values), signal)
      if (outcome === 'committed') return worked.result
      if (outcome === 'rolled back') throw new PostgresError('postgres.transaction_lost', NOT_COMMITTED, { cause })
    }
    if (attempt.isLost && code === 'postgres.connection_lost')
      throw new PostgresError('postgres.transaction_lost', undefined, { cause })
    if (attempt.isStale && 'sqlState' in details && STALE.has(details.sqlState))
      throw new PostgresError('postgres.transaction_lost', WAS_STALE, { cause })
    if (attempt.hasLostRace && code === 'postgres.unique_violation')
      throw new PostgresError('postgres.serialization_failure', LOST_RACE, { cause, details })
    throw mapped
  }
}

/** SQLSTATEs for which an attempt is called stale: each has other meanings too. */
const STALE = new Set<string | undefined>(['0A000', '26000', ...OUTDATED_TYPES])
const NOT_COMMITTED =
  'The connection was lost after COMMIT was sent, and the COMMIT did not arrive: the server reports that it rolled the transaction back'
const LOST_RACE =
  'An upsert or a connectOrCreate found no row, and another transaction inserted it in the meantime: the server rolled the transaction back'
const WAS_STALE =
  'The session no longer has a prepared statement, because a table was altered or its statements were discarded: the server rolled the transaction back, and the connection is replaced'

/** The result of `work`, or the signal's reason as soon as it aborts. */
function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error)
    const stop = (): void => signal.removeEventListener('abort', onAbort)
    signal.addEventListener('abort', onAbort)
    work.then(resolve, reject).finally(stop)
  })
}

/** The caller's signal, which has no effect once COMMIT was sent: its outcome is reported instead. */
function untilCommit(
  signal: AbortSignal | undefined,
  isCommitting: () => boolean,
): { readonly signal: AbortSignal | undefined; readonly stop: () => void } {
  if (!signal) return { signal: undefined, stop: () => {} }
  signal.throwIfAborted()
  const controller = new AbortController()
  const onAbort = (): void => {
    if (!isCommitting()) controller.abort(signal.reason)
  }
  signal.addEventListener('abort', onAbort)
  return { signal: controller.signal, stop: () => signal.removeEventListener('abort', onAbort) }
}
