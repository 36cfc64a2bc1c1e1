import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { CallVariable } from '../call-context/call-variable.js'
import type { Phase } from '../errors/details.js'
import { PostgresError } from '../errors/errors.js'
import { toPostgresError } from '../errors/map-error.js'
import { MARK, markedNow, type SentMark } from './commit-mark.js'
import type { ServerHistory } from './server-history.js'

/** A statement sent with a COMMIT. Its values are like those of any statement. */
export interface AtCommit {
  readonly text: string
  readonly values: readonly unknown[]
}

type Statement = (text: string, values: readonly unknown[]) => Promise<pg.QueryResult>

/** SQLSTATEs of a statement that names types that the columns of its table no longer have. */
export const OUTDATED_TYPES: ReadonlySet<string> = new Set(['42804', '42846', '42704'])

/**
 * One attempt at a transaction, shared by Prisma's adapter below and the caller's function above. Prisma passes none of
 * our data between them, hence the variable.
 */
export class Attempt {
  /** Aborts at the deadline, or when the caller goes away. */
  readonly signal: AbortSignal
  /** From 1. */
  readonly number: number
  readonly #remainingMs: () => number
  readonly #history: ServerHistory
  phase: Phase = 'acquire'
  /** Whether a statement of this transaction failed because its connection was lost. */
  isLost = false
  /**
   * Whether its session rejected a prepared statement, because a table was altered or the session discarded it. Or the
   * server rejected one that names the previous types of columns.
   */
  isStale = false
  /** Whether an upsert in it failed because of a row that another transaction had inserted in the meantime. */
  hasLostRace = false
  /** False once the attempt is over: calls that the work left running are not part of it. */
  isOpen = true
  /** Whether its transaction was started, or is about to be. */
  isTaken = false
  /** False once the work has ended, in any way: calls that it left running do not affect the COMMIT. */
  isWorking = true
  /** Runs SQL on its connection, while it has one. */
  statement: Statement | undefined
  /** The mark that reveals its outcome, once its COMMIT was sent. */
  mark: SentMark | undefined
  #atCommit: (() => AtCommit) | undefined
  #isCertain = false

  constructor(number: number, signal: AbortSignal, remainingMs: () => number, history: ServerHistory) {
    this.#history = history
    this.number = number
    this.signal = signal
    this.#remainingMs = remainingMs
  }

  /** Makes its outcome certain: marks its commit. */
  certain(): void {
    this.#isCertain = true
  }

  /** Sends a statement with the COMMIT, created when that is sent, together with a mark. */
  atCommit(statement: () => AtCommit): void {
    void this.#history.learn()
    this.#atCommit = statement
    this.#isCertain = true
  }

  /** The statements that are sent with the next COMMIT. */
  takeAtCommit(): readonly AtCommit[] {
    if (!this.#isCertain) return []
    this.mark = markedNow(randomUUID(), this.#history.known)
    const statements = this.#atCommit ? [this.#atCommit()] : []
    return [...statements, { text: MARK, values: [this.mark.id] }]
  }

  /**
   * Runs the caller's own SQL in the transaction.
   * @throws {PostgresError} `postgres.transaction_timeout` once the work is over, even if another caller has the
   *   connection by then.
   */
  async query(text: string, values: readonly unknown[] = []): Promise<pg.QueryResult> {
    if (!this.statement || this.phase !== 'work') throw new PostgresError('postgres.transaction_timeout')
    try {
      return await this.statement(text, values)
    } catch (error) {
      throw toPostgresError(error)
    }
  }

  /**
   * The attempt of a transaction that its work starts on a separate connection: with the same deadline, and a separate
   * outcome.
   */
  beside(): Attempt {
    return new Attempt(this.number, this.signal, this.#remainingMs, this.#history)
  }

  /** Milliseconds to the deadline. */
  get remainingMs(): number {
    return this.#remainingMs()
  }
}

/** The attempt whose work makes the current call, on any pool: that of the innermost transaction. */
const innermost = new CallVariable<Attempt>()

/** Whether a call comes from the running work of an attempt, and not from that of a nested transaction. */
export const isCallOf = (attempt: Attempt): boolean =>
  attempt.isWorking && attempt.phase === 'work' && (innermost.current ?? attempt) === attempt

/** The running attempts, each accessible from within its own asynchronous context. */
export class Attempts {
  readonly #variable = new CallVariable<Attempt>()

  /** The attempt whose work makes this call, if there is one. */
  get current(): Attempt | undefined {
    const attempt = this.#variable.current
    return attempt?.isOpen ? attempt : undefined
  }

  /**
   * The attempt that a transaction started here belongs to. The first transaction gets the attempt itself: another that
   * the work starts on a separate connection has the same deadline, but its outcome is not the attempt's.
   */
  take(): Attempt | undefined {
    const attempt = this.current
    if (attempt?.isTaken) return attempt.beside()
    if (attempt) attempt.isTaken = true
    return attempt
  }

  async run<T>(attempt: Attempt, work: () => Promise<T>): Promise<T> {
    try {
      return await this.#variable.run(attempt, () => innermost.run(attempt, work))
    } finally {
      attempt.isOpen = false
    }
  }
}
