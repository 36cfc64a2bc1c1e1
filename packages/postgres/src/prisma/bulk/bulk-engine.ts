import type { BatchAnswer, BatchOptions, Engine, EngineRequest, TransactionDefaults } from '../../internals/prisma.js'
import { LeftToPrisma } from './bulk-insert.js'
import type { BulkInserts } from './bulk-inserts.js'

type Query = EngineRequest['protocolQuery']

/** Codes of calls that Prisma rejects before anything is sent: `Unknown argument` and the like. */
const REFUSED_CALL: ReadonlySet<string> = new Set(['P2009', 'P2012'])

/** The same engine, with bulk inserts among its calls. `defaults` are the client's transaction options. */
export function bulkEngine(engine: Engine, bulk: BulkInserts, defaults: TransactionDefaults): Engine {
  const request = (query: Query, ...options: readonly unknown[]): Promise<unknown> => {
    const found = bulk.find(query)
    if (!found) return engine.request(query, ...options)
    return bulk.within(found.insert, () => engine.request(found.query, ...options))
  }

  /** A batch of one arrives as a single call, with all of its rows. */
  const single = async (query: Query, ...options: readonly unknown[]): Promise<unknown> => {
    try {
      return await request(query, ...options)
    } catch (error) {
      if (error instanceof LeftToPrisma && bulk.isOfBatch(query)) return engine.request(query, ...options)
      throw error
    }
  }

  /**
   * Prisma compiles all calls of a batch, with all rows of each, before it starts the first. Run one after another in
   * an equivalent transaction they have the same effect, and each statement can be attributed to its call. If one is
   * rejected before it is sent, no effect of the batch is kept, and Prisma reports why.
   */
  const batch = async (queries: readonly Query[], options: BatchOptions): Promise<unknown> => {
    const { isolationLevel, maxWait, timeout } = { ...defaults, ...definedOf(options.transaction?.options) }
    const transaction = await engine.transaction('start', {}, { isolationLevel, maxWait, timeout })
    const within = { ...options, transaction: undefined, interactiveTransaction: transaction }
    const answers: (BatchAnswer | Error)[] = []
    for (const query of queries) {
      try {
        answers.push((await request(query, within)) as BatchAnswer)
      } catch (error) {
        await engine.transaction('rollback', {}, transaction)
        if (isRefused(query, error)) return engine.requestBatch(queries, options)
        answers.push(error as Error)
        return answers
      }
    }
    await engine.transaction('commit', {}, transaction)
    return answers
  }

  const isRefused = (query: Query, error: unknown): boolean =>
    bulk.find(query)?.insert.isSent === false || REFUSED_CALL.has(String((error as { readonly code?: unknown }).code))

  return {
    start: () => engine.start(),
    stop: () => engine.stop(),
    request: (query, ...options) => single(query as Query, ...options),
    requestBatch: (queries, options) => {
      const [all, given] = [queries as readonly Query[], options as BatchOptions]
      const isBulk = given.transaction?.kind === 'batch' && all.some((query) => bulk.find(query))
      return isBulk ? batch(all, given) : engine.requestBatch(queries, options)
    },
    transaction: (...args) => engine.transaction(...args),
  }
}

function definedOf(options: Partial<TransactionDefaults> = {}): Partial<TransactionDefaults> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}
