import { setTimeout as delay } from 'node:timers/promises'
import { startTcpProxy, type TcpProxy } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Postgres, ReadWork } from '../../src/index.js'
import { delayCancels } from '../slow-cancel.js'
import { failureOf, until, usePoolBench } from '../support.js'

const DEADLINE_MS = 300

const bench = usePoolBench({ empty: false })
let proxy: TcpProxy
let postgres: Postgres
beforeAll(async () => {
  proxy = await startTcpProxy(bench.serviceUrl)
  postgres = bench.service({ maxConnections: 2 }, { through: (url) => proxy.url(url) })
  await postgres.prisma.log.count()
})
afterAll(async () => {
  await postgres?.close()
  await proxy?.close()
})

/** No statement of ours runs on the server, and no connection is out. */
async function everythingEnded(): Promise<void> {
  await until(
    () => bench.busy(),
    (count) => count === 0,
  ) // less than the statements would take
  await until(
    () => postgres.stats(),
    ({ active, waiting }) => active + waiting === 0,
  )
}

/** Holds a lock, so that the statement `wait` runs until `release` is called, however slow the machine is. */
async function holdLock() {
  await bench.admin('SELECT pg_advisory_lock(91)')
  return { wait: 'SELECT pg_advisory_xact_lock(91)', release: () => bench.admin('SELECT pg_advisory_unlock(91)') }
}

describe('the deadline of a read', () => {
  it.each<[string, ReadWork<unknown>]>([
    ["Prisma's", (prisma) => prisma.$queryRaw`SELECT 1 AS one FROM pg_sleep(60)`],
    ["the pool's", () => postgres.pool.query('SELECT pg_sleep(60)')],
    [
      'one in a transaction',
      (prisma) => prisma.$transaction((tx) => tx.$queryRaw`SELECT 1 AS one FROM pg_sleep(60)`, { timeout: 50_000 }),
    ],
  ])('ends a statement that runs, which the server then does not run on: %s', async (_whose, work) => {
    const start = performance.now()
    const error = await failureOf(postgres.read(work, { deadlineMs: DEADLINE_MS }))
    expect(performance.now() - start).toBeLessThan(20_000)
    expect(error).toMatchObject({ code: 'postgres.deadline', effect: 'none', details: { deadlineMs: DEADLINE_MS } })
    await everythingEnded()
  })

  it('gives its work no more connections afterwards', async () => {
    let afterwards: Promise<unknown> | undefined
    const late = postgres.read(
      () => {
        afterwards = delay(DEADLINE_MS + 100).then(() => postgres.prisma.log.count())
        return afterwards
      },
      { deadlineMs: DEADLINE_MS },
    )
    expect(await failureOf(late)).toMatchObject({ code: 'postgres.deadline' })
    await expect(afterwards).rejects.toThrow()
  })

  it('ends its wait for a connection', async () => {
    const held = await Promise.all([postgres.pool.connect(), postgres.pool.connect()])
    const waiting = postgres.read((prisma) => prisma.log.count(), { deadlineMs: DEADLINE_MS })
    expect(await failureOf(waiting)).toMatchObject({ details: { pool: { active: 2, waiting: 1 } } })
    expect(postgres.stats().waiting).toBe(0)
    for (const client of held) client.release()
  })

  it('gives the connection up where the network answers nothing', async () => {
    const silent = postgres.read(
      (prisma) => {
        proxy.blackHole()
        return prisma.log.count()
      },
      { deadlineMs: DEADLINE_MS },
    )
    expect(await failureOf(silent)).toMatchObject({ code: 'postgres.deadline' })
    await until(
      () => postgres.stats(),
      ({ active }) => active === 0,
    )
    await proxy.pass()
  })

  it('ends nothing but what the read itself runs', async () => {
    const others = Array.from({ length: 30 }, async (_, n) => {
      await delay(n * 10)
      return postgres.pool.query('SELECT pg_sleep(0.02)')
    })
    const slow = Array.from({ length: 5 }, (_, n) =>
      failureOf(
        postgres.read((prisma) => prisma.$queryRaw`SELECT 1 AS one FROM pg_sleep(60)`, { deadlineMs: 50 + n * 40 }),
      ),
    )
    for (const error of await Promise.all(slow)) expect(error).toMatchObject({ code: 'postgres.deadline' })
    expect(await Promise.all(others)).toHaveLength(30)
    await everythingEnded()
  })

  it('cancels nobody who has the connection next: nobody has', async () => {
    await using narrow = bench.service({ maxConnections: 1 })
    const { release, wait } = await holdLock()
    await using cancels = await delayCancels(narrow.pool, bench.settings().databaseUrl, 250, release)
    const reading = failureOf(narrow.read(() => narrow.pool.query(wait), { deadlineMs: 100 }))
    const next = narrow.pool.query('SELECT pg_sleep(0.3)')
    expect(await reading).toMatchObject({ code: 'postgres.deadline' })
    expect(await next).toMatchObject({ rowCount: 1 })
    expect(cancels.count).toBe(1)
  })

  it('is none for others who go on, by callback, where the read gave a connection back', async () => {
    await using narrow = bench.service({ maxConnections: 1 })
    let giveBack = (): void => {}
    const queued = new Promise<void>((resolve) => {
      giveBack = resolve
    })
    const reading = failureOf(
      narrow.read(
        async () => {
          const client = await narrow.pool.connect()
          await queued
          client.release()
          await delay(5000)
        },
        { deadlineMs: 1000 },
      ),
    )
    await until(
      () => narrow.stats(),
      ({ active }) => active === 1,
    )
    const rows = new Promise((resolve, reject) => {
      narrow.pool.connect((_error, _client, release) => {
        release()
        narrow.pool.query('SELECT pg_sleep(1.2)').then(resolve, reject)
      })
    })
    giveBack()
    expect(await reading).toMatchObject({ code: 'postgres.deadline' })
    await expect(rows).resolves.toMatchObject({ rowCount: 1 })
  })

  it('is none for others who go on, by callback, over a connection that was opened for the read', async () => {
    await using narrow = bench.service({ maxConnections: 1 })
    const reading = narrow.read(() => narrow.pool.query('SELECT 1').then(() => delay(5000)), { deadlineMs: 200 })
    expect(await failureOf(reading)).toMatchObject({ code: 'postgres.deadline' })
    const rows = new Promise((resolve, reject) => {
      narrow.pool.query('SELECT 1', () => narrow.pool.query('SELECT 1').then(resolve, reject))
    })
    await expect(rows).resolves.toMatchObject({ rowCount: 1 })
  })
})

describe('the signal of a reader', () => {
  it('ends the statement that runs', async () => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(new Error('gone')), 100)
    const reading = postgres.read((prisma) => prisma.$queryRaw`SELECT 1 AS one FROM pg_sleep(60)`, {
      signal: controller.signal,
    })
    expect(await failureOf(reading)).toMatchObject({ message: 'gone' })
    await everythingEnded()
  })
})
