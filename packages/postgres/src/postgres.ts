import { type Logger, redactingLogger, silentLogger } from '@miyabi/core'
import { createPrismaClient } from './client.js'
import type { PostgresSettings } from './config.js'
import { checkHealth, type PostgresHealth } from './health.js'
import { Operations } from './operations.js'
import { createPool, DEFAULT_GRACE_MS, type Pool } from './pool.js'
import type { PoolClosed } from './pool-log.js'
import type { PoolStats } from './pool-stats.js'
import type { Prisma, PrismaClient } from './prisma.js'
import { runTransaction, type TransactionOptions } from './transaction.js'

export interface PostgresOptions {
  /** Silent by default. */
  readonly logger?: Logger | undefined
  /** The pool's name, told in errors and events. Default `main`. */
  readonly name?: string
}

/** PostgreSQL for one application: a pool, the Prisma client on it, health and figures. */
export interface Postgres extends AsyncDisposable {
  /** The Prisma client of all tables. */
  readonly prisma: PrismaClient
  /** The pool under it, for SQL of your own. */
  readonly pool: Pool
  /** Runs `work` in one transaction. */
  transaction<T>(work: (tx: Prisma.TransactionClient) => Promise<T>, options?: TransactionOptions): Promise<T>
  /** Asks the server within a second, over a connection of its own. */
  health(options?: { readonly signal?: AbortSignal }): Promise<PostgresHealth>
  /** The pool at this moment. Costs nothing. */
  stats(): PoolStats
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
  const prisma = createPrismaClient(pool, settings, operations)
  const end = async (graceMs: number): Promise<PoolClosed> => {
    const startedAt = performance.now()
    await operations.close(graceMs)
    const closed = await pool.close(Math.max(0, graceMs - (performance.now() - startedAt)))
    await prisma.$disconnect() // last: it ends transactions that are under way
    return closed
  }
  let closing: Promise<PoolClosed> | undefined
  const close = (graceMs: number = DEFAULT_GRACE_MS): Promise<PoolClosed> => {
    closing ??= end(graceMs)
    return closing
  }
  return {
    prisma,
    pool,
    transaction: (work, transactionOptions) => runTransaction(prisma, work, transactionOptions),
    health: (healthOptions) => checkHealth(settings, healthOptions),
    stats: () => pool.stats,
    close,
    async [Symbol.asyncDispose]() {
      await close()
    },
  }
}
