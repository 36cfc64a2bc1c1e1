import type pg from 'pg'
import { CallVariable } from '../call-context/call-variable.js'
import type { Phase } from '../errors/details.js'
import { PostgresError } from '../errors/errors.js'
import { toPostgresError } from '../errors/map-error.js'

type Statement = (text: string, values: readonly unknown[]) => Promise<pg.QueryResult>

/** SQLSTATEs of a statement that names types which the columns of its table no longer have. */
export const OUTDATED_TYPES: ReadonlySet<string> = new Set(['42804', '42846', '42704'])

/**
 * One attempt at a transaction, as Prisma's adapter below and the function of the caller above both see it. Prisma
 * passes nothing of ours from one to the other, hence the variable.
 */
export class Attempt {
  /** Aborts at the deadline, or when the caller goes away. */
  readonly signal: AbortSignal
  /** From 1. */
  readonly number: number
  readonly #remainingMs: () => number
  phase: Phase = 'acquire'
  /** Whether a statement of this transaction failed because its connection was lost. */
  isLost = false
  /**
   * Whether its session refused a prepared statement: a table had been altered, or the session told to forget. Or the
   * server one that names the types of columns as they were.
   */
  isStale = false
  /** Whether an upsert of it failed over a row that another transaction had inserted meanwhile. */
  hasLostRace = false
  /** False once the attempt is over: what the work left running is no part of it. */
  isOpen = true
  /** Whether its transaction was begun, or is about to be. */
  isTaken = false
  /** Runs SQL on its connection, while it has one. */
  statement: Statement | undefined

  constructor(number: number, signal: AbortSignal, remainingMs: () => number) {
    this.number = number
    this.signal = signal
    this.#remainingMs = remainingMs
  }

  /**
   * Runs SQL of the caller's own in the transaction.
   * @throws {PostgresError} `postgres.transaction_timeout` once the work is over, whoever has the connection then.
   */
  async query(text: string, values: readonly unknown[] = []): Promise<pg.QueryResult> {
    if (!this.statement || this.phase !== 'work') throw new PostgresError('postgres.transaction_timeout')
    try {
      return await this.statement(text, values)
    } catch (error) {
      throw toPostgresError(error)
    }
  }

  /** Milliseconds to the deadline. */
  get remainingMs(): number {
    return this.#remainingMs()
  }
}

/** The attempts under way, each found from within its own asynchronous context. */
export class Attempts {
  readonly #variable = new CallVariable<Attempt>()

  /** The attempt whose work makes this call, if one does. */
  get current(): Attempt | undefined {
    const attempt = this.#variable.current
    return attempt?.isOpen ? attempt : undefined
  }

  /**
   * What a transaction that begins here takes part in. The attempt itself is that of the first: one that the work
   * begins beside it, on a connection of its own, has the same end, but what becomes of it is nothing that became of
   * the attempt.
   */
  take(): Attempt | undefined {
    const attempt = this.current
    if (attempt?.isTaken) return new Attempt(attempt.number, attempt.signal, () => attempt.remainingMs)
    if (attempt) attempt.isTaken = true
    return attempt
  }

  async run<T>(attempt: Attempt, work: () => Promise<T>): Promise<T> {
    try {
      return await this.#variable.run(attempt, work)
    } finally {
      attempt.isOpen = false
    }
  }
}
