import { type Logger, redactingLogger, silentLogger } from '@miyabi/core'
import { createPrismaClient } from './client.js'
import type { PostgresSettings } from './config.js'
import { checkHealth, type PostgresHealth } from './health.js'
import { createPool, type Pool } from './pool.js'
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
  /** Takes no new work, waits up to `graceMs` (default 10,000) for what is in flight, then cuts it. Always resolves. */
  close(graceMs?: number): Promise<void>
}

/**
 * Makes a pool and the Prisma client on it. Nothing is waited for: the pool opens its minimum by itself, and with the server down
 * the first query fails and `health()` says why.
 * @throws {ConfigError} where the URL cannot be used.
 */
export function createPostgres(settings: PostgresSettings, options: PostgresOptions = {}): Postgres {
  const logger = redactingLogger(options.logger ?? silentLogger)
  const pool = createPool(settings, { ...options, logger })
  const prisma = createPrismaClient(pool, settings)
  const close = async (graceMs?: number): Promise<void> => {
    // The pool first: Prisma's own disconnect ends transactions that are under way.
    await pool.close(graceMs)
    await prisma.$disconnect()
  }
  return {
    prisma,
    pool,
    transaction: (work, transactionOptions) => runTransaction(prisma, work, transactionOptions),
    health: (healthOptions) => checkHealth(settings, healthOptions),
    stats: () => pool.stats,
    close,
    [Symbol.asyncDispose]: () => close(),
  }
}
