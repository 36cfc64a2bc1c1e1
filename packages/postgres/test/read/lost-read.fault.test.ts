import { setTimeout as delay } from 'node:timers/promises'
import { RetryBudget } from '@miyabi/core'
import { Budget, startTcpProxy } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toPostgresError } from '../../src/errors/map-error.js'
import type { Postgres } from '../../src/index.js'
import { failureOf, until, usePoolBench } from '../support.js'

const LOST_READS = { name: 'reads while all sessions are ended', short: 500, longSeconds: 180 }
const WORKERS = 16

const bench = usePoolBench({ empty: false })
let postgres: Postgres
const ids: string[] = []
beforeAll(async () => {
  postgres = bench.service(
    { maxConnections: 8 },
    {
      retryBudget: new RetryBudget({ capacity: 100_000 }),
    },
  )
  for (let n = 0; n < 20; n += 1) {
    const { id } = await postgres.prisma.user.create({
      data: { email: `reader-${n}@example.com`, name: String(n), pluginSubmissions: { create: { pluginData: { n } } } },
    })
    ids.push(id)
  }
})
afterAll(() => postgres?.close())

/**
 * Ends sessions that sleep until `work` is done: one that is seen asleep may be ending already, and not the one that is
 * meant.
 */
async function killWhileAsleep(work: Promise<unknown>, onAsleep: () => void = () => {}): Promise<void> {
  let isDone = false
  const done = (): void => {
    isDone = true
  }
  work.then(done, done)
  while (!isDone) {
    if ((await bench.busy('pg_sleep')) > 0) {
      onAsleep()
      await bench.killBackends()
    }
    await delay(20)
  }
}

/**
 * Ends every session again and again until `work` is done, each time after at least one more read per worker ended: at
 * a pace of its own, a slow computer would never let one through. Tells how often.
 */
async function whileKilling(work: Promise<unknown>, ended: () => number): Promise<number> {
  let isDone = false
  let kills = 0
  const done = work.finally(() => {
    isDone = true
  })
  done.catch(() => {})
  for (let next = 0; !isDone; await delay(5)) {
    if (ended() < next) continue
    next = ended() + WORKERS
    await bench.killBackends()
    kills += 1
  }
  await done
  return kills
}

describe('reads through Prisma', () => {
  it(
    'are made again where their connection is lost: no error reaches a caller, and each row is right',
    async () => {
      using budget = new Budget(LOST_READS)
      let ended = 0
      const worker = async (): Promise<void> => {
        while (budget.next()) {
          const reads = budget.rounds
          const n = (reads - 1) % ids.length
          const id = ids[n] ?? ''
          switch (reads % 5) {
            case 0:
              expect(await postgres.prisma.user.findUnique({ where: { id } })).toMatchObject({ id, name: String(n) })
              break
            case 1: {
              const found = await postgres.prisma.user.findMany({ where: { id }, include: { pluginSubmissions: true } })
              expect(found).toMatchObject([{ id, pluginSubmissions: [{ pluginData: { n } }] }])
              break
            }
            case 2:
              expect(await postgres.prisma.user.count({ where: { id: { in: ids } } })).toBe(ids.length)
              break
            case 3:
              expect(await postgres.prisma.plugin.aggregate({ _sum: { downloads: true } })).toEqual({
                _sum: { downloads: null },
              })
              break
            default:
              expect(await postgres.prisma.user.groupBy({ by: ['role'], _count: true })).toEqual([
                { role: 'user', _count: ids.length },
              ])
          }
          ended += 1
        }
      }
      const kills = await whileKilling(Promise.all(Array.from({ length: WORKERS }, worker)), () => ended)
      expect(kills).toBeGreaterThan(5)
      expect(postgres.stats()).toMatchObject({ active: 0, waiting: 0 })
    },
    new Budget(LOST_READS).timeoutMs,
  )

  it('are made again over a connection that the network cut, before and after the server answered', async () => {
    await using proxy = await startTcpProxy(bench.serviceUrl)
    const behind = bench.service({}, { through: (url) => proxy.url(url) })
    for (const when of ['before', 'after'] as const) {
      proxy.cutAt('FROM "public"."users"', when)
      expect(await behind.prisma.user.count()).toBe(ids.length)
    }
    await behind.close()
  })

  it('are given up when the budget is spent, with the error of the loss', async () => {
    await using proxy = await startTcpProxy(bench.serviceUrl)
    const poor = bench.service(
      {},
      {
        through: (url) => proxy.url(url),
        retryBudget: new RetryBudget({ capacity: 0, refillPerSecond: 0 }),
      },
    )
    proxy.cutAt('FROM "public"."users"', 'before')
    const error = await failureOf(poor.prisma.user.count())
    expect(toPostgresError(error)).toMatchObject({ code: 'postgres.connection_lost', effect: 'unknown' })
    await poor.close()
  })
})

describe('what may write', () => {
  it('is never made again: an insert cut off after it arrived is there once, its caller told that it is unknown', async () => {
    await using proxy = await startTcpProxy(bench.serviceUrl)
    const behind = bench.service({}, { through: (url) => proxy.url(url) })
    for (const [when, rows] of [
      ['before', 0],
      ['after', 1],
    ] as const) {
      proxy.cutAt('INSERT INTO "public"."logs"', when)
      const error = await failureOf(behind.prisma.log.create({ data: { level: 'info', message: when } }))
      expect(toPostgresError(error)).toMatchObject({ code: 'postgres.connection_lost', effect: 'unknown' })
      expect(await postgres.prisma.log.count({ where: { message: when } })).toBe(rows)
    }
    await behind.close()
  })

  it('is raw SQL that calls what is not known to only read', async () => {
    const sleeping = failureOf(postgres.prisma.$queryRaw`SELECT 1 AS one FROM pg_sleep(60)`)
    await until(
      () => bench.busy(),
      (count) => count === 1,
    )
    await bench.killBackends()
    expect(toPostgresError(await sleeping)).toMatchObject({ code: 'postgres.connection_lost' })
  })
})

describe('read()', () => {
  it('makes raw reads again, whatever they call', async () => {
    let isKilled = false
    const attempts: number[] = []
    const reading = postgres.read(async (prisma, { attempt }) => {
      attempts.push(attempt)
      return prisma.$queryRaw<{ n: bigint }[]>`SELECT count(*) AS n FROM users, pg_sleep(${isKilled ? 0 : 60})`
    })
    await killWhileAsleep(reading, () => {
      isKilled = true
    })
    const rows = await reading
    // More than two where one met a session that had been killed before.
    expect(attempts.length).toBeGreaterThan(1)
    expect(attempts).toEqual(attempts.map((_, n) => n + 1))
    expect(rows).toEqual([{ n: BigInt(ids.length) }])
  })

  it('is as good for the pool, over a reset', async () => {
    await using proxy = await startTcpProxy(bench.serviceUrl)
    const behind = bench.service({}, { through: (url) => proxy.url(url) })
    await behind.pool.query('SELECT 1')
    proxy.cutAt('md5', 'after')
    const { rows } = await behind.read(() => behind.pool.query(`SELECT md5('x') AS hash`))
    expect(rows).toHaveLength(1)
    await behind.close()
  })

  it('keeps to its deadline, and to retry: false', async () => {
    const slow = postgres.read((prisma) => prisma.$queryRaw`SELECT 1 AS one FROM pg_sleep(60)`, { deadlineMs: 300 })
    expect(await failureOf(slow)).toMatchObject({
      code: 'postgres.deadline',
      details: { deadlineMs: 300, phase: 'work' },
    })
    await until(
      () => bench.busy(),
      (count) => count === 0,
    )
    let runs = 0
    const once = failureOf(
      postgres.read(
        (prisma) => {
          runs += 1
          return prisma.$queryRaw`SELECT 1 AS one FROM pg_sleep(60)`
        },
        { retry: false },
      ),
    )
    await killWhileAsleep(once)
    expect(await once).toMatchObject({ code: 'postgres.connection_lost' })
    expect(runs).toBe(1)
  })
})
