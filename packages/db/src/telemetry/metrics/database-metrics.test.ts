import type { PoolEvent, StatementFacts } from '@miyabi/postgres'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Database } from '../../context/context.js'
import { DatabaseMetrics } from './database-metrics.js'
import { MAX_SERIES } from './family.js'
import type { Sum } from './histogram.js'

/** A database that is at rest. */
const pool = { total: 1, active: 0, idle: 1, connecting: 0, waiting: 0, max: 4, min: 0, compiledQueries: noCalls() }
function noCalls() {
  return { off: undefined, hits: 0, misses: 0, byPrisma: [] }
}
const atRest = {
  servers: {
    postgres: { host: 'db.internal', port: 5432, database: 'app', acquireTimeoutMs: 3000 },
    dynamodb: { region: 'ap-northeast-1' },
  },
  stats: () => ({
    postgres: pool,
    dynamodb: { sockets: { max: 50, active: 0, waiting: 0 }, capacity: [], eventWriters: { open: 0, pending: 0 } },
    streams: [],
    relays: [],
    outbox: { transactions: 0 },
  }),
  healthCheck: async () => ({ postgres: { ready: true, status: 'up' }, dynamodb: { ready: true, status: 'up' } }),
} as unknown as Database

const text = fc.oneof(
  fc.string(),
  fc.constantFrom('SELECT', 'users', 'postgres.deadlock'),
  fc.uuid(),
  fc.emailAddress(),
)

describe('the metrics of a database', () => {
  it('are at most 200 series each, and lose nothing, whatever tables, operations and errors it tells of', async () => {
    const statement = fc.record({
      operation: text,
      collection: fc.option(text, { nil: undefined }),
      pool: text,
      path: text,
      error: fc.option(fc.record({ code: text, sqlState: fc.option(text, { nil: undefined }) }), { nil: undefined }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(statement, { minLength: 20, maxLength: 40 }), async (some) => {
        const metrics = new DatabaseMetrics(atRest)
        const { observer } = metrics
        let count = 0
        for (const one of some) {
          for (const other of some) {
            count += 1
            observer.statement?.({ ...one, collection: other.operation, durationMs: 1, rows: 1 } as StatementFacts)
            observer.transaction?.({
              store: 'postgresql',
              pool: one.pool,
              outcome: 'committed',
              startedAt: 0,
              durationMs: 1,
            })
            observer.retry?.({
              store: 'postgresql',
              pool: 'main',
              what: 'read',
              code: one.path,
              attempt: 1,
              gaveUp: undefined,
            })
            observer.pool?.({ name: 'acquired', pool: other.pool, waitedMs: 1, stats: pool } as PoolEvent)
          }
        }
        const families = await metrics.collect()
        for (const { definition, series } of families)
          expect(series.length, definition.name).toBeLessThanOrEqual(MAX_SERIES)
        const total = (name: string, of: (value: never) => number): number =>
          (families.find(({ definition }) => definition.name === name)?.series ?? []).reduce(
            (sum, { value }) => sum + of(value as never),
            0,
          )
        expect(total('db.client.operation.duration', ({ count }: { count: number }) => count)).toBe(count)
        expect(total('db.client.connection.wait_time', ({ count }: { count: number }) => count)).toBe(count)
        expect(total('miyabi.statements', ({ value }: Sum) => value)).toBe(count)
        expect(total('miyabi.retries', ({ value }: Sum) => value)).toBe(count)
      }),
      { numRuns: 15 },
    )
  })

  it('begin at zero where alerts count, as what appears with its first event has not grown for Prometheus', async () => {
    const families = await new DatabaseMetrics(atRest).collect()
    const counted = ['db.client.connection.timeouts', 'miyabi.pool.events', 'miyabi.transaction.duration']
    for (const name of counted) {
      expect(families.find(({ definition }) => definition.name === name)?.series.length, name).toBeGreaterThan(0)
    }
  })
})
