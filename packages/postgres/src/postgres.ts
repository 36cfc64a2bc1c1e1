import { type Logger, RetryBudget, redactingLogger, silentLogger } from '@miyabi/core'
import { adviseForServer } from './advise.js'
import { Attempts } from './attempt.js'
import { createPrismaClient } from './client.js'
import type { PostgresSettings } from './config.js'
import { checkHealth, type PostgresHealth } from './health.js'
import { Operations } from './operations.js'
import { createPool, type Pool } from './pool.js'
import { DEFAULT_GRACE_MS, type PoolClosed } from './pool-closed.js'
import type { PoolSizeAdvice } from './pool-size.js'
import type { PoolStats } from './pool-stats.js'
import type { PrismaClient } from './prisma.js'
import { type ReadOptions, type ReadWork, runRead } from './read.js'
import { Retrier } from './retrier.js'
import { sharing } from './sharing.js'
import { checkStart } from './start-check.js'
import { runTransaction, type TransactionOptions, type TransactionWork } from './transaction.js'
import type { PoolUsage } from './usage.js'

export interface PostgresOptions {
  /** Silent by default. */
  readonly logger?: Logger | undefined
  /** The pool's name, told in errors and events. Default `main`. */
  readonly name?: string
  /** What retries draw on, shared with whatever else retries in this application. Default: one of its own. */
  readonly retryBudget?: RetryBudget | undefined
}

/** PostgreSQL for one application: a pool, the Prisma client on it, health and figures. */
export interface Postgres extends AsyncDisposable {
  /** The Prisma client of all tables. */
  readonly prisma: PrismaClient
  /** The pool under it, for SQL of your own. */
  readonly pool: Pool
  /**
   * Runs `work` in one transaction, and again after a conflict, a deadlock, or a connection lost before COMMIT.
   * @throws {PostgresError} where the database failed; what `work` throws of its own comes out as it is.
   */
  transaction<T>(work: TransactionWork<T>, options?: TransactionOptions): Promise<T>
  /**
   * Runs `work`, which only reads, and again after a connection was lost: for raw SQL. Prisma's own reads need no help.
   * @throws {PostgresError} where the database failed; what `work` throws of its own comes out as it is.
   */
  read<T>(work: ReadWork<T>, options?: ReadOptions): Promise<T>
  /** Asks the server within a second, over one connection of its own, however many ask. Rejects only with the signal's reason. */
  health(options?: { readonly signal?: AbortSignal }): Promise<PostgresHealth>
  /** The pool at this moment. Costs nothing. */
  stats(): PoolStats
  /** How much the pool was used over the last minute. */
  usage(): PoolUsage
  /**
   * Whether the pools of all instances fit into the server, and whether this one has the size that its load needs.
   * @throws {PostgresError} where the server does not answer within a second.
   */
  advise(options?: { readonly signal?: AbortSignal }): Promise<PoolSizeAdvice>
  /**
   * Takes no new work, waits up to `graceMs` (default 10,000) for what is in flight, then cuts it. Always resolves; a second call
   * gives the first one's promise.
   */
  close(graceMs?: number): Promise<PoolClosed>
}

/**
 * Makes a pool and the Prisma client on it. Nothing is waited for: the pool opens its minimum by itself, and with the server down
 * the first query fails and `health()` says why.
 * @throws {ConfigError} where the URL cannot be used.
 */
export function createPostgres(settings: PostgresSettings, options: PostgresOptions = {}): Postgres {
  const logger = redactingLogger(options.logger ?? silentLogger)
  const pool = createPool(settings, { ...options, logger })
  const operations = new Operations()
  const attempts = new Attempts()
  const stats = (): PoolStats => pool.stats
  const retrier = new Retrier(options.retryBudget ?? new RetryBudget(), stats, logger)
  const prisma = createPrismaClient(pool, settings, operations, { attempts, retrier })
  const host = { prisma, pool, attempts, retrier, stats }
  const end = async (graceMs: number): Promise<PoolClosed> => {
    const startedAt = performance.now()
    await operations.close(graceMs)
    const closed = await pool.close(Math.max(0, graceMs - (performance.now() - startedAt)))
    await prisma.$disconnect() // last: it ends transactions that are under way
    return closed
  }
  const ended = new AbortController()
  pool.once('connect', () => void checkStart(settings, logger, ended.signal))
  const health = sharing(() => checkHealth(settings, { pool }))
  let closing: Promise<PoolClosed> | undefined
  const close = (graceMs: number = DEFAULT_GRACE_MS): Promise<PoolClosed> => {
    ended.abort()
    closing ??= end(graceMs)
    return closing
  }
  return {
    prisma,
    pool,
    transaction: (work, transactionOptions) => runTransaction(host, work, transactionOptions),
    read: (work, readOptions) => runRead(host, work, readOptions),
    health: (healthOptions) => health(healthOptions?.signal),
    stats,
    usage: () => pool.usage,
    advise: ({ signal } = {}) => adviseForServer(settings, { usage: pool.usage, signal }),
    close,
    async [Symbol.asyncDispose]() {
      await close()
    },
  }
}
