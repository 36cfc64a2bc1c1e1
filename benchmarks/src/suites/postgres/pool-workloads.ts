import type pg from 'pg'
import type { Workload } from '../../harness/workload.js'
import type { Contestants } from './contestants.js'

const CONCURRENCY = [1, 16, 64]

/** A prepared statement of no work: what is left is the way there and back. */
const ping: pg.QueryConfig = { name: 'ping', text: 'SELECT 1 AS one', values: [] }

/** What it costs to take a connection and give it back. */
export function poolWorkloads({ pgPool, postgresJs, ours, oursTesting, oursUntested }: Contestants): Workload[] {
  const borrow = (pool: pg.Pool) => async (): Promise<void> => (await pool.connect()).release()
  const use =
    (pool: pg.Pool, isTested = false) =>
    async (): Promise<unknown> => {
      const client = await pool.connect()
      try {
        if (isTested) await client.query('SELECT 1')
        return (await client.query<object>(ping)).rows
      } finally {
        client.release()
      }
    }
  return [
    {
      name: 'acquire',
      about: 'Acquire a connection and release it. Drizzle, Kysely and Prisma do not expose connections.',
      concurrency: CONCURRENCY,
      contenders: [
        { name: 'pg', run: borrow(pgPool) },
        { name: 'postgres', run: async () => (await postgresJs.reserve()).release() },
        { name: 'ours: pool', run: borrow(ours.pool) },
        { name: 'ours: pool, untested', run: borrow(oursUntested.pool) },
        { name: 'ours: pool, tested each time', run: borrow(oursTesting.pool) },
      ],
    },
    {
      name: 'validation',
      about:
        'Acquire a connection, run a prepared `SELECT 1`, release it. Ours tests a connection that was idle for longer than the bypass window of 500 ms.',
      concurrency: CONCURRENCY,
      contenders: [
        { name: 'pg', run: use(pgPool) },
        { name: 'pg, tested each time', run: use(pgPool, true) },
        { name: 'ours: pool', run: use(ours.pool) },
        { name: 'ours: pool, untested', run: use(oursUntested.pool) },
        { name: 'ours: pool, tested each time', run: use(oursTesting.pool) },
      ],
    },
  ]
}
