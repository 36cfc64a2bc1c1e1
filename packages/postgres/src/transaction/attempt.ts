import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { CallVariable } from '../call-context/call-variable.js'
import type { Phase } from '../errors/details.js'
import { PostgresError } from '../errors/errors.js'
import { toPostgresError } from '../errors/map-error.js'
import { MARK, markedNow, type SentMark } from './commit-mark.js'
import type { ServerHistory } from './server-history.js'

/** A statement that goes with a COMMIT. Its values are as those of any statement. */
export interface AtCommit {
  readonly text: string
  readonly values: readonly unknown[]
}

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
  readonly #history: ServerHistory
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
  /** False once the work has ended, however: what it left running has no say in the COMMIT. */
  isWorking = true
  /** Runs SQL on its connection, while it has one. */
  statement: Statement | undefined
  /** By which its outcome can be found out, once its COMMIT was sent. */
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

  /** Sends a statement with the COMMIT, made when that is sent, and with it a mark. */
  atCommit(statement: () => AtCommit): void {
    void this.#history.learn()
    this.#atCommit = statement
    this.#isCertain = true
  }

  /** What goes with the COMMIT that is about to be sent. */
  takeAtCommit(): readonly AtCommit[] {
    if (!this.#isCertain) return []
    this.mark = markedNow(randomUUID(), this.#history.known)
    const statements = this.#atCommit ? [this.#atCommit()] : []
    return [...statements, { text: MARK, values: [this.mark.id] }]
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

  /** One of a transaction that its work begins on a connection of its own: with the same end, and its own outcome. */
  beside(): Attempt {
    return new Attempt(this.number, this.signal, this.#remainingMs, this.#history)
  }

  /** Milliseconds to the deadline. */
  get remainingMs(): number {
    return this.#remainingMs()
  }
}

/** The attempt whose work makes a call, of whatever pool: that of the innermost transaction. */
const innermost = new CallVariable<Attempt>()

/** Whether a call comes from the work of an attempt, which is under way, and not from that of a transaction in it. */
export const isCallOf = (attempt: Attempt): boolean =>
  attempt.isWorking && attempt.phase === 'work' && (innermost.current ?? attempt) === attempt

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
