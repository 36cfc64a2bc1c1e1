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
import { assertIsolation } from './isolation.js'
import { retryLostRaces } from './lost-race.js'
import type { Retrier } from './retrier.js'
import type { ServerHistory } from './server-history.js'

/** In milliseconds. */
export const DEFAULT_DEADLINE_MS = 10_000
/** Prisma's own limits on a transaction come after ours, whose errors tell more. */
const PRISMA_MARGIN_MS = 5_000

/** After these the whole transaction may be run again: each time the server rolled it back. */
const RETRIES: ReadonlySet<PostgresErrorCode> = new Set([
  'postgres.serialization_failure',
  'postgres.deadlock',
  'postgres.transaction_lost',
  'postgres.standby',
])

export interface TransactionOptions {
  /** Default: the server's, read committed. */
  readonly isolation?: Prisma.TransactionIsolationLevel
  /** How long all of it may take, the wait for a connection, pauses and retries included. Default 10,000 ms. */
  readonly deadlineMs?: number
  /**
   * Whether to run the work again after a conflict, an upsert that lost a race, a deadlock, a connection lost before
   * COMMIT, or a table altered under a prepared statement. Default true.
   */
  readonly retry?: boolean
  /** Aborted before the COMMIT, it cancels the statement that runs and rolls back. */
  readonly signal?: AbortSignal
  /**
   * Whether to write a mark with the COMMIT (a row, no round trip), by which its outcome is found out where its answer
   * is lost: then the work's result is given, or it is run again, in place of `postgres.commit_unknown`. Needs an
   * identity. Default false; with effects it is always so.
   */
  readonly certain?: boolean
}

/** What the work of a transaction or of a read is told besides its client. */
export interface Run {
  /** From 1: how often the work was begun, this time included. */
  readonly attempt: number
  /** Aborts when the deadline passes or the caller goes away. */
  readonly signal: AbortSignal
}

/** What the work of a transaction is told besides its client. */
export interface TransactionRun extends Run {
  /**
   * One statement of SQL past Prisma, in this transaction, in one round trip. The text is trusted code; values belong
   * into the parameters.
   * @throws {PostgresError} `postgres.transaction_timeout` once the transaction is over; `postgres.invalid_query` where
   *   a value cannot be sent; otherwise what the server said.
   */
  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<pg.QueryResult<Row>>
  /**
   * Sends a statement with the COMMIT, in its round trip, made when that is sent. Where it fails, the transaction is
   * rolled back. With one, an outcome that is lost is found out, as with `certain`. The last one given counts.
   */
  atCommit(statement: () => AtCommit): void
  /** Whether this is asked by the work of this transaction, while it is under way, and by no other transaction's. */
  readonly isCurrent: boolean
}

/**
 * What is done in a transaction. It may be called more than once, each time in a new one: what it does elsewhere is not
 * undone.
 */
export type TransactionWork<T, Client = PrismaClient> = (
  tx: TransactionClient<Client>,
  run: TransactionRun,
) => Promise<T>

/** What a client has inside of a transaction. */
type TransactionClient<Client> = Omit<Client, keyof PrismaClient & Outside>
type Outside = '$connect' | '$disconnect' | '$on' | '$extends'

/** What transactions need of their application. */
export interface TransactionHost {
  readonly prisma: PrismaClient
  readonly pool: Pool
  readonly attempts: Attempts
  readonly retrier: Retrier
  readonly stats: () => PoolStats
  readonly runner: Runner
  readonly history: ServerHistory
  /** Whose transactions they are. */
  readonly scope: Scope | undefined
}

/**
 * Runs `work` in one transaction: committed when it resolves, rolled back when it rejects, run again where the server
 * rolled it back for reasons that pass.
 * @throws {PostgresError} where the database failed; what `work` throws of its own comes out as it is.
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

/** SQLSTATEs of what an attempt is called stale for: each has other meanings too. */
const STALE = new Set<string | undefined>(['0A000', '26000', ...OUTDATED_TYPES])
const NOT_COMMITTED =
  'The connection was lost after COMMIT was sent, and did not arrive: the server says that it rolled the transaction back'
const LOST_RACE =
  'An upsert or a connectOrCreate found no row, and another transaction inserted it meanwhile: the server rolled the transaction back'
const WAS_STALE =
  'The session no longer has a statement as it was prepared, because a table was altered or it was told to forget: the server rolled the transaction back, and the connection is replaced'

/** What `work` gives, or the signal's reason as soon as that aborts. */
function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error)
    const stop = (): void => signal.removeEventListener('abort', onAbort)
    signal.addEventListener('abort', onAbort)
    work.then(resolve, reject).finally(stop)
  })
}

/** The caller's signal, which has no say any more once COMMIT is sent: its outcome is told instead. */
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
