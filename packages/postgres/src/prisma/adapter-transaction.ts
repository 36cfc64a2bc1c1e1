import type pg from 'pg'
import { PostgresError } from '../errors/errors.js'
import { toPostgresError } from '../errors/map-error.js'
import type { Scope } from '../identity/scope.js'
import { scopeRefused } from '../identity/scope-errors.js'
import type { PgAdapter, PgTransaction } from '../internals/prisma.js'
import type { TransactionFacts } from '../observe/facts.js'
import type { Origin } from '../observe/statement-telling.js'
import type { TransactionTelling } from '../observe/transaction-telling.js'
import { sendCancelRequest } from '../pool/cancel-request.js'
import type { PooledClient } from '../pool/pooled-client.js'
import type { PostgresSettings } from '../settings/config.js'
import type { Attempt } from '../transaction/attempt.js'
import { commitUnknown } from '../transaction/commit-unknown.js'
import { toPrisma } from './adapter-errors.js'

/** A connection in use. */
export type LeasedClient = PooledClient & pg.PoolClient
/** The session's own limits. 0: no limit. */
export type SessionLimits = Pick<PostgresSettings, 'statementTimeoutMs' | 'idleInTransactionTimeoutMs'>
type Query = Parameters<PgTransaction['queryRaw']>[0]

/** The options a transaction starts with. */
interface Beginning {
  readonly isolation: string | undefined
  readonly session: SessionLimits
  readonly scope: Scope | undefined
  /** The login of the pool, for messages. */
  readonly login: string
}

/** Sends COMMIT with statements before it, in one round trip, and returns the server's answer. */
export type SendCommit = (client: LeasedClient) => Promise<{ readonly command: string }>

/** Text that may have ended the transaction before its connection was lost. */
const ENDS = /(^|;)\s*(commit|end|prepare\s+transaction)\b/i

/** How long after its deadline a transaction may take to roll back before its connection is closed. */
const ROLLBACK_LIMIT_MS = 500
/**
 * The server's limits end what ours could not: slightly later, so that our error, which contains more information,
 * comes first.
 */
const SERVER_MARGIN_MS = 250

/**
 * One transaction on one connection, as Prisma drives it: begin, statements, COMMIT or ROLLBACK, then `commit` or
 * `rollback`.
 */
export class AdapterTransaction implements PgTransaction {
  readonly provider = 'postgres'
  readonly adapterName: string
  /** Prisma sends COMMIT and ROLLBACK itself. */
  readonly options = { usePhantomQuery: false }
  readonly #queryable: PgAdapter
  readonly #client: LeasedClient
  readonly #sendCommit: SendCommit
  /** Set if it belongs to `transaction()`. */
  readonly #attempt: Attempt | undefined
  readonly #telling: TransactionTelling
  readonly #startedAt = performance.now()
  #outcome: TransactionFacts['outcome'] = 'rolled_back'
  /**
   * If set, the connection is not reused: after a standby rejected a statement, the next may lead to the new primary.
   */
  #isSpent = false
  /** How it was started, to start it again. */
  #beginning = ''
  #begun = 0
  #running = 0
  /** Settles with the latest statement. */
  #last: Promise<unknown> | undefined
  #canceling: Promise<unknown> | undefined
  #cut: NodeJS.Timeout | undefined

  constructor(
    queryable: PgAdapter,
    client: LeasedClient,
    attempt: Attempt | undefined,
    { sendCommit, telling }: { readonly sendCommit: SendCommit; readonly telling: TransactionTelling },
  ) {
    this.#queryable = queryable
    this.#sendCommit = sendCommit
    this.#telling = telling
    this.adapterName = queryable.adapterName
    this.#client = client
    this.#attempt = attempt
    attempt?.signal.addEventListener('abort', this.#onAbort)
  }

  /** Starts it, in one round trip with its isolation level, limits and scope. */
  async begin({ isolation, session, scope, login }: Beginning): Promise<void> {
    const level = isolation === undefined ? '' : ` ISOLATION LEVEL ${isolation}`
    const limits = this.#attempt ? serverLimits(this.#attempt.remainingMs, session) : ''
    const identity = scope === undefined ? '' : `; ${scope.sql}`
    this.#beginning = `BEGIN${level}${limits}${identity}`
    try {
      this.#attempt?.signal.throwIfAborted()
      await this.#watched(
        this.#client.query(ofTransaction(this.#beginning)).catch(async (error: unknown) => {
          // The scope failed, so the transaction is open. If the server no longer answers, this ROLLBACK fails too.
          await this.#client.query('ROLLBACK').catch(() => {})
          throw toPrisma(this.#queryable, scope ? scopeRefused(error, scope, login) : error)
        }),
      )
      if (this.#attempt) this.#attempt.phase = 'work'
    } catch (error) {
      this.#outcome = 'failed'
      await this.#release()
      throw beforeCommit(error)
    }
  }

  queryRaw(query: Query): ReturnType<PgTransaction['queryRaw']> {
    return this.sql(query.sql, () => this.#queryable.queryRaw(query))
  }

  executeRaw(query: Query): Promise<number> {
    if (query.sql === 'COMMIT') return this.#inTurn(() => this.#commit())
    if (query.sql !== 'ROLLBACK') return this.sql(query.sql, () => this.#queryable.executeRaw(query))
    this.#takeNoMore()
    // If it fails, the server rolls back when the connection ends; Prisma would throw this failure instead of its
    // cause.
    return this.#inTurn(() => this.#watched(this.#queryable.executeRaw(query))).catch(() => {
      this.#isSpent = true
      return 0
    })
  }

  /** Runs a statement of the work. */
  sql<T>(text: string, statement: () => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      this.#assertOpen()
      this.#begun += 1
      try {
        return await this.#watched(statement())
      } catch (error) {
        throw ENDS.test(text) ? error : beforeCommit(error)
      }
    })
  }

  /**
   * Starts again after the session rejected an outdated prepared statement, if nothing else was sent in this
   * transaction yet; returns whether it did.
   */
  async restart(): Promise<boolean> {
    if (this.#begun > 1) return false
    await this.#client.query(ofTransaction(`ROLLBACK; ${this.#beginning}`))
    return true
  }

  /**
   * One after the other, in the order of the calls: Prisma requests the relations of an `include` concurrently, and
   * callers do the same with `Promise.all`. Only one can run; the driver warns about concurrent statements, and a
   * future version will reject them.
   */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#last
    const turn = before ? before.then(work) : Promise.resolve().then(work)
    const settled = turn.then(
      () => {},
      () => {},
    )
    this.#last = settled
    try {
      return await turn
    } finally {
      if (this.#last === settled) this.#last = undefined
    }
  }

  commit(): Promise<void> {
    return this.#release()
  }

  rollback(): Promise<void> {
    return this.#release()
  }

  async createSavepoint(name: string): Promise<void> {
    await this.executeRaw({ sql: `SAVEPOINT ${name}`, args: [], argTypes: [] })
  }

  async rollbackToSavepoint(name: string): Promise<void> {
    await this.executeRaw({ sql: `ROLLBACK TO SAVEPOINT ${name}`, args: [], argTypes: [] })
  }

  async releaseSavepoint(name: string): Promise<void> {
    await this.executeRaw({ sql: `RELEASE SAVEPOINT ${name}`, args: [], argTypes: [] })
  }

  /** Statements that leftover work sends after the ROLLBACK would run outside a transaction, and persist. */
  #takeNoMore(): void {
    if (this.#attempt) this.#attempt.statement = undefined
  }

  /**
   * Statements after the work's own COMMIT or ROLLBACK would run outside a transaction, and a COMMIT without a
   * transaction looks like a success.
   */
  #assertOpen(): void {
    if (this.#client.getTransactionStatus() === 'I') throw new PostgresError('postgres.transaction_ended')
  }

  async #commit(): Promise<number> {
    this.#attempt?.signal.throwIfAborted() // nothing waits for it anymore
    this.#assertOpen()
    if (this.#attempt) this.#attempt.phase = 'commit'
    const { command } = await this.#sendCommit(this.#client).catch(async (error: unknown) => {
      const mapped = toPostgresError(error) // Prisma rethrows errors from here unchanged
      if (mapped.code === 'postgres.connection_lost') {
        this.#outcome = 'unknown'
        throw commitUnknown(mapped.cause ?? mapped)
      }
      // A statement before it failed: the server did not execute it.
      if (this.#client.getTransactionStatus() !== 'I') await this.#client.query('ROLLBACK').catch(() => {})
      throw mapped
    })
    // If an earlier statement failed, the server answers COMMIT with a rollback, and reports a success. Read from the
    // answer: the session's state is known only some time after the error of that statement.
    if (command !== 'COMMIT') throw new PostgresError('postgres.transaction_aborted')
    this.#outcome = 'committed'
    return 0
  }

  /** Records how a statement failed. A connection lost before COMMIT means that nothing happened. */
  async #watched<T>(statement: Promise<T>): Promise<T> {
    this.#running += 1
    try {
      return await statement
    } catch (error) {
      const { code } = toPostgresError(error)
      if (this.#attempt && code === 'postgres.connection_lost') this.#attempt.isLost = true
      this.#isSpent ||= code === 'postgres.standby'
      throw error
    } finally {
      this.#running -= 1
    }
  }

  /**
   * Ends the running statement, so that Prisma's ROLLBACK after it can be executed; closes the connection if it cannot.
   */
  readonly #onAbort = (): void => {
    this.#cut = setTimeout(() => this.#client.destroy(), ROLLBACK_LIMIT_MS)
    // A COMMIT in progress may finish; an idle session has nothing to cancel.
    if (this.#attempt?.phase === 'commit' || this.#running === 0) return
    this.#canceling = sendCancelRequest(this.#client)
  }

  /** A cancel request that arrives late must not end the next user's statement. */
  async #release(): Promise<void> {
    this.#takeNoMore()
    this.#attempt?.signal.removeEventListener('abort', this.#onAbort)
    await this.#canceling
    clearTimeout(this.#cut)
    this.#client.release(this.#isSpent)
    this.#telling.tell(this.#outcome, this.#startedAt)
  }
}

/** Its reported text omits its identity and its limits. */
function ofTransaction(text: string): pg.QueryConfig & { readonly origin: Origin } {
  return { text, origin: { path: 'transaction', scope: undefined } }
}

/** A connection lost before COMMIT ends its transaction, so the outcome is known: nothing was done. */
function beforeCommit(error: unknown): unknown {
  const mapped = toPostgresError(error)
  if (mapped.code !== 'postgres.connection_lost') return error
  return new PostgresError('postgres.transaction_lost', undefined, {
    cause: mapped.cause ?? mapped,
  })
}

/** Never longer than the session's own. */
function serverLimits(remainingMs: number, session: SessionLimits): string {
  const ms = Math.max(1, Math.ceil(remainingMs)) + SERVER_MARGIN_MS
  const statement = Math.min(ms, session.statementTimeoutMs || ms)
  const idle = Math.min(ms, session.idleInTransactionTimeoutMs || ms)
  return `; SET LOCAL statement_timeout = ${statement}; SET LOCAL idle_in_transaction_session_timeout = ${idle}`
}
