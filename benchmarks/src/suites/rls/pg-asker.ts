import type { ScopedPostgres } from '@miyabi/postgres'
import type pg from 'pg'
import type postgres from 'postgres'
import { type Asker, pluginDataOf, sql } from './asker.js'

type Run = (statement: keyof typeof sql, values: unknown[]) => Promise<object[]>

/** The statements, over whatever runs one and whatever runs several in a transaction. */
function asker(
  name: string,
  userId: string,
  one: Run,
  several: <T>(work: (run: Run) => Promise<T>) => Promise<T>,
): Asker {
  return {
    name,
    findEvent: async (id) => (await one('findEvent', [id]))[0],
    pageOfEvents: () => one('pageOfEvents', [userId]),
    submit: async (turn) => (await one('submit', [userId, pluginDataOf(turn)]))[0],
    submitAndRename: (turn) =>
      several(async (run) => {
        await run('submit', [userId, pluginDataOf(turn)])
        await run('rename', [userId, `name ${turn}`])
        return (await run('findUser', [userId]))[0]
      }),
  }
}

const named = (statement: keyof typeof sql, values: unknown[]): pg.QueryConfig => ({
  name: statement,
  text: sql[statement],
  values,
})

async function inTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let failure: Error | undefined
  try {
    await client.query('BEGIN')
    const result = await work(client)
    await client.query('COMMIT')
    return result
  } catch (error) {
    failure = error as Error
    throw error
  } finally {
    client.release(failure)
  }
}

/** `pg`, prepared, without an identity: a login that may see everything. */
export function unscopedPg(pool: pg.Pool, userId: string): Asker {
  const run =
    (client: pg.Pool | pg.PoolClient): Run =>
    async (statement, values) =>
      (await client.query<object>(named(statement, values))).rows
  return asker('pg, no identity', userId, run(pool), (work) => inTransaction(pool, (client) => work(run(client))))
}

/** `pg`, prepared, with a transaction around everything: BEGIN, the identity, the statement, COMMIT. */
export function pgByHand(pool: pg.Pool, userId: string): Asker {
  const several = <T>(work: (run: Run) => Promise<T>): Promise<T> =>
    inTransaction(pool, async (client) => {
      await client.query(named('setIdentity', [userId]))
      return work(async (statement, values) => (await client.query<object>(named(statement, values))).rows)
    })
  return asker('pg, by hand', userId, (statement, values) => several((run) => run(statement, values)), several)
}

/** The same with porsager's `postgres`. */
export function postgresJsByHand(client: postgres.Sql, userId: string): Asker {
  const parameter = (value: unknown) => (typeof value === 'object' ? client.json(value as postgres.JSONValue) : value)
  const several = async <T>(work: (run: Run) => Promise<T>): Promise<T> => {
    const result = await client.begin(async (transaction) => {
      const run: Run = async (statement, values) => [
        ...(await transaction.unsafe<object[]>(sql[statement], values.map(parameter) as string[], { prepare: true })),
      ]
      await run('setIdentity', [userId])
      return { value: await work(run) }
    })
    return (result as { readonly value: T }).value
  }
  return asker('postgres, by hand', userId, (statement, values) => several((run) => run(statement, values)), several)
}

/** SQL in a scope of ours. */
export function oursRaw(scope: ScopedPostgres, userId: string): Asker {
  const several = <T>(work: (run: Run) => Promise<T>): Promise<T> =>
    scope.transaction((_tx, { query }) => work(async (statement, values) => (await query(sql[statement], values)).rows))
  return asker(
    'ours: query',
    userId,
    async (statement, values) => (await scope.query(sql[statement], values)).rows,
    several,
  )
}
