import { setTimeout as delay } from 'node:timers/promises'
import { RetryBudget } from '@miyabi/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isPostgresError, type Postgres, type Prisma } from '../../src/index.js'
import { failureOf, until, usePoolBench } from '../support.js'

const bench = usePoolBench({ empty: false })
const opened: Postgres[] = []
function open(maxConnections: number, retryBudget?: RetryBudget): Postgres {
  const postgres = bench.service({ maxConnections }, { retryBudget })
  opened.push(postgres)
  return postgres
}
let postgres: Postgres
beforeAll(() => {
  postgres = open(8)
})
afterAll(() => Promise.all(opened.map((each) => each.close())))

async function counter(id: string): Promise<string> {
  const columns = { name: 'c', displayName: 'C', source: 's', version: '1', tier: 'free', features: [] } as const
  await postgres.prisma.plugin.create({ data: { id, ...columns, limitations: {} } })
  return id
}
const downloadsOf = async (id: string): Promise<number> =>
  (await postgres.prisma.plugin.findUniqueOrThrow({ where: { id } })).downloads

/** Reads, waits a little, writes what it read plus one: loses an update at any level below repeatable read. */
async function increment(tx: Prisma.TransactionClient, id: string, thinkMs = 0): Promise<void> {
  const { downloads } = await tx.plugin.findUniqueOrThrow({ where: { id } })
  if (thinkMs > 0) await delay(thinkMs)
  await tx.plugin.update({ where: { id }, data: { downloads: downloads + 1 } })
}

/** Two transactions take two rows in opposite order, each its first before either its second. */
function deadlock(options: { readonly retry?: boolean }, ids: readonly [string, string]): Promise<number[]> {
  const [a, b] = ids
  let arrived = 0
  const attempts = [0, 0]
  const cross = (n: number, [first, second]: readonly [string, string]): Promise<void> =>
    postgres.transaction(async (tx, { attempt }) => {
      attempts[n] = attempt
      await tx.plugin.update({ where: { id: first }, data: { downloads: { increment: 1 } } })
      arrived += 1
      await until(
        () => arrived,
        (count) => count >= 2,
      )
      await tx.plugin.update({ where: { id: second }, data: { downloads: { increment: 1 } } })
    }, options)
  return Promise.all([cross(0, [a, b]), cross(1, [b, a])]).then(() => attempts)
}

describe('a transaction', () => {
  it('is run again until it commits: 64 that conflict at once, and no update is lost', async () => {
    const id = await counter('conflict')
    const wide = open(64)
    let attempts = 0
    await Promise.all(
      Array.from({ length: 64 }, () =>
        wide.transaction(
          (tx) => {
            attempts += 1
            return increment(tx, id)
          },
          // Longer than any computer takes, as a deadline is another test's subject.
          { isolation: 'Serializable', deadlineMs: 600_000 },
        ),
      ),
    )
    expect(await downloadsOf(id)).toBe(64)
    expect(attempts).toBeGreaterThan(64)
    expect(wide.stats()).toMatchObject({ active: 0, waiting: 0 })
    await wide.close()
  })

  it('is run again where it was ended to resolve a deadlock', async () => {
    const ids = [await counter('deadlock-a'), await counter('deadlock-b')] as const
    expect((await deadlock({}, ids)).toSorted()).toEqual([1, 2])
    expect([await downloadsOf(ids[0]), await downloadsOf(ids[1])]).toEqual([2, 2])
  })

  it('is not run again where that is turned off', async () => {
    const ids = [await counter('once-a'), await counter('once-b')] as const
    const error = await failureOf(deadlock({ retry: false }, ids))
    expect(error).toMatchObject({ code: 'postgres.deadlock', retryable: true, effect: 'none' })
    expect(isPostgresError(error, 'postgres.deadlock') && error.details.attempts).toBeUndefined()
  })

  it('tells its work the number of the attempt, from 1, and gives it a new client', async () => {
    const seen: number[] = []
    const clients = new Set<unknown>()
    const result = await postgres.transaction(async (tx, { attempt }) => {
      seen.push(attempt)
      clients.add(tx)
      if (attempt < 3) await tx.$executeRaw`DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$`
      return attempt
    })
    expect([result, seen, clients.size]).toEqual([3, [1, 2, 3], 3])
  })

  it('is not run again for an error of its own, nor for one that would come again', async () => {
    let runs = 0
    const own = postgres.transaction(async () => {
      runs += 1
      throw Object.assign(new Error('another server'), { code: 'ECONNREFUSED' })
    })
    expect(await failureOf(own)).toMatchObject({ message: 'another server' })
    const twice = postgres.transaction(async (tx) => {
      runs += 1
      await tx.user.create({ data: { email: 'not an address' } })
    })
    expect(await failureOf(twice)).toMatchObject({ code: 'postgres.check_violation' })
    expect(runs).toBe(2)
  })
})

/** Fails as a conflict does, every time. */
const alwaysConflicts = (tx: Prisma.TransactionClient): Promise<unknown> =>
  tx.$executeRaw`DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$`

describe('retries', () => {
  it('are bounded by the budget in a storm, and say so', async () => {
    const budget = new RetryBudget({ capacity: 40, refillPerSecond: 0 })
    const stormy = open(16, budget)
    let runs = 0
    const failures = await Promise.all(
      Array.from({ length: 16 }, () =>
        failureOf(
          stormy.transaction(
            (tx) => {
              runs += 1
              return alwaysConflicts(tx)
            },
            { deadlineMs: 20_000 },
          ),
        ),
      ),
    )
    expect(runs).toBe(16 + 40)
    expect(budget.remaining).toBe(0)
    for (const failure of failures)
      expect(failure).toMatchObject({ code: 'postgres.serialization_failure', details: { gaveUp: 'budget' } })
    await stormy.close()
  })

  it('end before the deadline would pass, with the failure and how often it came', async () => {
    const start = performance.now()
    const error = await failureOf(postgres.transaction(alwaysConflicts, { deadlineMs: 400 }))
    expect(performance.now() - start).toBeLessThan(20_000) // it would go on without end
    if (!isPostgresError(error)) throw error
    if (error.code === 'postgres.deadline') expect(error.details).toMatchObject({ deadlineMs: 400 })
    else expect(error).toMatchObject({ code: 'postgres.serialization_failure', details: { gaveUp: 'deadline' } })
  })

  it('are not made while callers wait for the pool', async () => {
    const narrow = open(2)
    let runs = 0
    let others: Promise<unknown> | undefined
    const failing = narrow.transaction(async (tx) => {
      runs += 1
      others = Promise.all(Array.from({ length: 4 }, () => narrow.pool.query('SELECT pg_sleep(0.4)')))
      await until(
        () => narrow.stats(),
        ({ active, waiting }) => active === 2 && waiting === 3,
      )
      await alwaysConflicts(tx)
    })
    expect(await failureOf(failing)).toMatchObject({
      code: 'postgres.serialization_failure',
      details: { attempts: 1, gaveUp: 'saturated' },
    })
    expect(runs).toBe(1)
    await others
    await narrow.close()
  })
})

describe('a transaction inside the work of another', () => {
  it('is refused, because it would take a second connection and commit on its own', async () => {
    const nested = postgres.transaction(() => postgres.transaction((tx) => tx.user.count()))
    expect(await failureOf(nested)).toMatchObject({ code: 'postgres.transaction_nested', effect: 'none' })
  })

  it('is none of another application, nor what outlives the work that began it', async () => {
    const other = open(1)
    expect(await postgres.transaction(() => other.transaction((tx) => tx.plugin.count()))).toBeGreaterThan(0)
    let later: Promise<number> | undefined
    await postgres.transaction(async () => {
      later = delay(50).then(() => postgres.transaction((tx) => tx.plugin.count()))
    })
    expect(await later).toBeGreaterThan(0)
    await other.close()
  })
})
