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

/** A connection that is handed out. */
export type LeasedClient = PooledClient & pg.PoolClient
/** What the session has of its own. 0: no limit. */
export type SessionLimits = Pick<PostgresSettings, 'statementTimeoutMs' | 'idleInTransactionTimeoutMs'>
type Query = Parameters<PgTransaction['queryRaw']>[0]

/** What a transaction begins with. */
interface Beginning {
  readonly isolation: string | undefined
  readonly session: SessionLimits
  readonly scope: Scope | undefined
  /** The login of the pool, for messages. */
  readonly login: string
}

/** Sends COMMIT with statements in front of it, in one round trip, and answers what the server made of it. */
export type SendCommit = (client: LeasedClient) => Promise<{ readonly command: string }>

/** Text that may have ended the transaction before its connection was lost. */
const ENDS = /(^|;)\s*(commit|end|prepare\s+transaction)\b/i

/** How long after its deadline a transaction has to roll back before its connection is cut. */
const ROLLBACK_LIMIT_MS = 500
/**
 * The server's own limits end what ours could not: a little later, so that our error, which tells more, comes first.
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
  /** Set where it belongs to `transaction()`. */
  readonly #attempt: Attempt | undefined
  readonly #telling: TransactionTelling
  readonly #startedAt = performance.now()
  #outcome: TransactionFacts['outcome'] = 'rolled_back'
  /** Then nobody has the connection again: after a standby refused, the next may lead to the new primary. */
  #isSpent = false
  /** How it was begun, to begin it again. */
  #beginning = ''
  #begun = 0
  #running = 0
  /** Settles with the statement that was asked for last. */
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

  /** Begins it, in one round trip with its isolation level, limits and scope. */
  async begin({ isolation, session, scope, login }: Beginning): Promise<void> {
    const level = isolation === undefined ? '' : ` ISOLATION LEVEL ${isolation}`
    const limits = this.#attempt ? serverLimits(this.#attempt.remainingMs, session) : ''
    const identity = scope === undefined ? '' : `; ${scope.sql}`
    this.#beginning = `BEGIN${level}${limits}${identity}`
    try {
      this.#attempt?.signal.throwIfAborted()
      await this.#watched(
        this.#client.query(ofTransaction(this.#beginning)).catch(async (error: unknown) => {
          // What failed is the scope: the transaction is open. Where nobody answers any more, so does nobody here.
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
    // One that fails is done by the server when the connection ends; Prisma would throw it on in place of why there was
    // one.
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
   * Begins anew after the session refused a statement that it no longer has as it was prepared, where nothing else was
   * asked of this transaction yet; says whether it did.
   */
  async restart(): Promise<boolean> {
    if (this.#begun > 1) return false
    await this.#client.query(ofTransaction(`ROLLBACK; ${this.#beginning}`))
    return true
  }

  /**
   * One after the other, in the order in which they were asked for: Prisma asks for the relations of an `include` all
   * at once, and callers do so by `Promise.all`. Only one can run, and a driver that is given more at a time warns of
   * it, and soon refuses it.
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

  /** What work that was left running asks behind the ROLLBACK would be done in no transaction, and stay. */
  #takeNoMore(): void {
    if (this.#attempt) this.#attempt.statement = undefined
  }

  /**
   * What follows a COMMIT or ROLLBACK of the work's own would be done in no transaction, and a COMMIT of nothing looks
   * like a success.
   */
  #assertOpen(): void {
    if (this.#client.getTransactionStatus() === 'I') throw new PostgresError('postgres.transaction_ended')
  }

  async #commit(): Promise<number> {
    this.#attempt?.signal.throwIfAborted() // nobody waits for it any more
    this.#assertOpen()
    if (this.#attempt) this.#attempt.phase = 'commit'
    const { command } = await this.#sendCommit(this.#client).catch(async (error: unknown) => {
      const mapped = toPostgresError(error) // Prisma throws on what comes from here as it is
      if (mapped.code === 'postgres.connection_lost') {
        this.#outcome = 'unknown'
        throw commitUnknown(mapped.cause ?? mapped)
      }
      // A statement in front of it failed: the server did not come to it.
      if (this.#client.getTransactionStatus() !== 'I') await this.#client.query('ROLLBACK').catch(() => {})
      throw mapped
    })
    // The server answers COMMIT with a rollback, and calls that a success, where an earlier statement failed. Read from
    // the answer: the session's state is known only some time after the error of that statement.
    if (command !== 'COMMIT') throw new PostgresError('postgres.transaction_aborted')
    this.#outcome = 'committed'
    return 0
  }

  /** Notes how a statement failed. A connection lost before COMMIT means that nothing happened. */
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
   * Ends the statement that runs, so that Prisma's ROLLBACK behind it comes through; cuts the connection where it does
   * not.
   */
  readonly #onAbort = (): void => {
    this.#cut = setTimeout(() => this.#client.destroy(), ROLLBACK_LIMIT_MS)
    // A COMMIT that is under way is left to finish; idle, there is nothing to cancel.
    if (this.#attempt?.phase === 'commit' || this.#running === 0) return
    this.#canceling = sendCancelRequest(this.#client)
  }

  /** After a cancel has arrived, whose statement it would end must not be the next user's. */
  async #release(): Promise<void> {
    this.#takeNoMore()
    this.#attempt?.signal.removeEventListener('abort', this.#onAbort)
    await this.#canceling
    clearTimeout(this.#cut)
    this.#client.release(this.#isSpent)
    this.#telling.tell(this.#outcome, this.#startedAt)
  }
}

/** What is observed of it leaves out whose it is, and its limits. */
function ofTransaction(text: string): pg.QueryConfig & { readonly origin: Origin } {
  return { text, origin: { path: 'transaction', scope: undefined } }
}

/** A connection that is lost before COMMIT takes its transaction with it, and that is known: nothing was done. */
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
