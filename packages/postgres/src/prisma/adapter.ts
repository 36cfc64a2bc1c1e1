import { PrismaPg } from '@prisma/adapter-pg'
import { isPostgresError, PostgresError } from '../errors/errors.js'
import { inScope } from '../identity/scope-errors.js'
import { assertInternals } from '../internals/check.js'
import {
  adapterCheck,
  factoryCheck,
  type PgAdapter,
  type PgTransaction,
  performingQueries,
  typesOf,
  usesPool,
  withQuery,
} from '../internals/prisma.js'
import { TransactionTelling } from '../observe/transaction-telling.js'
import type { Pool } from '../pool/pool.js'
import { isForgotten, isStale } from '../pool/pooled-client.js'
import { isPureSelect } from '../statement/pure-select.js'
import type { Runner } from '../statement/runner.js'
import type { Attempts } from '../transaction/attempt.js'
import { READ_RETRIES, type Retrier } from '../transaction/retrier.js'
import { keepingFacts, toPrisma } from './adapter-errors.js'
import { AdapterTransaction, type LeasedClient, type SessionLimits } from './adapter-transaction.js'
import type { BulkInserts } from './bulk/bulk-inserts.js'
import { sendingEarlyDates } from './early-dates.js'

const isSilence = (error: unknown): boolean =>
  isPostgresError(error, 'postgres.connection_lost') && error.details.silentMs !== undefined

type Isolation = Parameters<PgAdapter['startTransaction']>[0]
type AdapterOptions = NonNullable<ConstructorParameters<typeof PrismaPg>[1]>

/** What the adapter shares with `transaction()` and `read()`. */
export interface AdapterHost {
  readonly attempts: Attempts
  readonly retrier: Retrier
  readonly runner: Runner
  readonly limits: SessionLimits
  readonly bulk: BulkInserts
}

/** How long a read is retried, from its first failure. */
const READ_RETRY_MS = 10_000

/**
 * Prisma's adapter with five additions: everything runs in the caller's scope; a read outside transactions is retried
 * if its connection was lost; a transaction reports the outcome of its COMMIT, starts in one round trip and ends at its
 * deadline; errors keep the names that the server reported.
 * @throws {PostgresError} `postgres.pool.second_pg` if Prisma would not use the pool.
 */
export class Adapter extends PrismaPg {
  readonly #pool: Pool
  readonly #host: AdapterHost
  readonly #telling: TransactionTelling
  #inner: PgAdapter | undefined

  constructor(pool: Pool, host: AdapterHost, options: AdapterOptions) {
    super(pool, options)
    this.#pool = pool
    this.#host = host
    assertInternals(factoryCheck(this))
    if (!usesPool(this, pool)) {
      throw new PostgresError(
        'postgres.pool.second_pg',
        'Prisma does not recognize the pool as one of pg: two copies of pg are installed',
      )
    }
    this.#telling = new TransactionTelling(pool.name, pool.hooks.transaction)
  }

  override async connect(): Promise<PgAdapter> {
    const { runner, bulk } = this.#host
    const original = await super.connect()
    assertInternals(adapterCheck(original))
    const performing = performingQueries(sendingEarlyDates(original), (query, send) =>
      bulk.of(query)?.send(query, send),
    )
    const inner = keepingFacts(withQuery(performing, (query) => runner.query(query)))
    this.#inner = inner
    runner.readAsAdapter(await typesOf(original))
    const outer: Partial<PgAdapter> = {
      queryRaw: (query) =>
        inner.queryRaw(query).catch((error: unknown) => this.readAgain(query.sql, error, () => inner.queryRaw(query))),
      startTransaction: (isolation) => this.#start(inner, isolation),
    }
    return Object.assign(Object.create(inner) as PgAdapter, outer)
  }

  /** The connection info for Prisma's compiler. Known once the adapter is open. */
  get connectionInfo(): unknown {
    return this.#inner?.getConnectionInfo?.()
  }

  /** Converts the driver's error into one that Prisma understands. */
  toPrisma(error: unknown): unknown {
    return this.#inner ? toPrisma(this.#inner, error) : error
  }

  /** Retries a read whose connection was lost; rethrows any other `error`. */
  async readAgain<T>(sql: string, error: unknown, again: () => Promise<T>): Promise<T> {
    // A read that waited as long as a statement may take has no time left.
    if (!isPureSelect(sql) || isSilence(error)) throw error
    const endsAt = performance.now() + READ_RETRY_MS
    return this.#host.retrier.run({
      what: 'read',
      attempt: (attempt) => (attempt === 1 ? Promise.reject(error) : again()),
      on: READ_RETRIES,
      remainingMs: () => endsAt - performance.now(),
    })
  }

  async #start(inner: PgAdapter, isolation: Isolation): Promise<PgTransaction> {
    const { attempts, runner, limits } = this.#host
    const attempt = attempts.take()
    const scope = runner.scope
    if (scope?.route)
      throw new PostgresError('postgres.read_only', 'Reads from replicas support no transactions; nothing was sent')
    const client = (await this.#pool.acquire(attempt && { signal: attempt.signal })) as LeasedClient
    const noted = (error: unknown): never => {
      if (attempt && (isStale(error) || isForgotten(error))) attempt.isStale = true
      throw scope ? inScope(error) : error
    }
    const queryable = withQuery(inner, async (config) => {
      try {
        return await runner.queryOn(client, config, scope)
      } catch (error) {
        const isOfSession = config.name && (isStale(error) || isForgotten(error))
        if (!isOfSession || !(await transaction.restart())) return noted(error)
        return runner.queryOn(client, { ...config, name: '' }, scope).catch(noted)
      }
    })
    const sendCommit = () => runner.commitOn(client, attempt?.takeAtCommit() ?? [], scope).catch(noted)
    const transaction = new AdapterTransaction(queryable, client, attempt, { sendCommit, telling: this.#telling })
    if (attempt)
      attempt.statement = (text, values) =>
        transaction.sql(text, () => runner.sqlOn(client, text, values, scope).catch(noted))
    await transaction.begin({ isolation, scope, login: runner.login, session: limits })
    return transaction
  }
}
