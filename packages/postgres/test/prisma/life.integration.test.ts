import { setTimeout as delay } from 'node:timers/promises'
import { startTcpProxy } from '@miyabi/testing'
import { describe, expect, it } from 'vitest'
import { type Postgres, PostgresError, resolvePostgresSettings } from '../../src/index.js'
import { createPrismaClient } from '../../src/prisma/client.js'
import { failureOf, until, usePoolBench } from '../support.js'

const bench = usePoolBench({ empty: false })

describe('createPostgres', () => {
  it('connects with the first query, not before', async () => {
    const postgres = bench.service({ applicationName: 'lazy' })
    await delay(50)
    expect(await bench.backends('lazy')).toEqual([])
    await postgres.prisma.user.count()
    // A second one looks at the server once, at the start, and goes.
    await until(
      () => bench.backends('lazy'),
      (pids) => pids.length === 1,
    )
    await postgres.close()
  })

  it('closes after the transactions that are under way, and takes no new ones', async () => {
    const postgres = bench.service({ applicationName: 'drain' })
    const working = postgres.transaction(async (tx) => {
      await tx.log.create({ data: { level: 'info', message: 'drained' } })
      await delay(150)
      return tx.log.count({ where: { message: 'drained' } })
    })
    await until(
      () => postgres.stats().active,
      (active) => active === 1,
    )
    const closing = postgres.close()
    expect(await failureOf(postgres.prisma.user.count())).toMatchObject({ code: 'postgres.pool.closed' })
    expect(await working).toBe(1)
    await closing
    await until(
      () => bench.backends('drain'),
      (pids) => pids.length === 0,
    )
    await postgres.close()
  })

  it('lets an operation of several statements that began finish, and refuses the next', async () => {
    const postgres = bench.service({ maxConnections: 3 })
    const { prisma } = postgres
    const user = await prisma.user.create({ data: { email: 'busy@example.com' } })
    const read = (from: Postgres) => from.prisma.user.findMany({ include: { trials: true, subscriptions: true } })
    for (let n = 0; n < 20; n += 1) {
      // A new context each time, closed at another moment of the operations.
      const closing = bench.service({ maxConnections: 3 })
      const all = Promise.all(Array.from({ length: 10 }, async () => await read(closing)))
      await delay(n)
      const closed = closing.close(5000)
      expect(await failureOf(closing.prisma.user.count())).toMatchObject({ code: 'postgres.pool.closed' })
      expect(await failureOf(closing.prisma.$queryRaw`SELECT 1`)).toMatchObject({ code: 'postgres.pool.closed' })
      for (const users of await all) expect(users.map(({ id }) => id)).toContain(user.id)
      expect(await closed).toEqual({ drained: true, destroyed: 0 })
    }
    await postgres.close()
  })

  it('lets a transaction that began go on, nested ones and extended clients included, and refuses a new one', async () => {
    const postgres = bench.service({ maxConnections: 2 })
    const extended = postgres.prisma.$extends({ name: 'nothing' }) as unknown as Postgres['prisma'] // its own type is without end
    const working = extended.$transaction(async (tx) => {
      await tx.log.create({ data: { level: 'info', message: 'extended' } })
      await delay(200)
      return tx.log.count({ where: { message: 'extended' } })
    })
    await until(
      () => postgres.stats().active,
      (active) => active === 1,
    )
    const closing = postgres.close()
    expect(postgres.close()).toBe(closing)
    expect(await failureOf(extended.log.count())).toMatchObject({ code: 'postgres.pool.closed' })
    expect(await failureOf(postgres.prisma.$transaction(async () => 1))).toMatchObject({
      code: 'postgres.pool.closed',
    })
    expect(await failureOf(postgres.prisma.$transaction([postgres.prisma.log.count()]))).toMatchObject({
      code: 'postgres.pool.closed',
    })
    expect(await working).toBe(1)
    expect(await closing).toEqual({ drained: true, destroyed: 0 })
  })

  it('counts a read and a transaction whole, so that their next statement or attempt is part of what began', async () => {
    const postgres = bench.service({ maxConnections: 2 })
    let goOn = (): void => {}
    const paused = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const reading = postgres.read(async (prisma) => {
      await prisma.$queryRaw`SELECT 1`
      await paused
      return prisma.$queryRaw`SELECT 2 AS n`
    })
    const attempts: number[] = []
    const working = postgres.transaction(async (tx, { attempt, query }) => {
      attempts.push(attempt)
      await tx.log.count()
      await paused
      if (attempt === 1)
        await query("DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = 'serialization_failure'; END $$")
      return tx.log.count()
    })
    await until(
      () => postgres.stats().active,
      (active) => active === 1,
    )
    const closing = postgres.close()
    expect(await failureOf(postgres.read((prisma) => prisma.user.count()))).toMatchObject({
      code: 'postgres.pool.closed',
    })
    goOn()
    expect(await reading).toEqual([{ n: 2 }])
    expect(await working).toEqual(expect.any(Number))
    expect(attempts).toEqual([1, 2])
    expect(await closing).toEqual({ drained: true, destroyed: 0 })
  })

  it('asks the server nothing once it is closed, not for its health either', async () => {
    const postgres = bench.service({ applicationName: 'closed' })
    await postgres.close()
    const code = 'postgres.pool.closed'
    let worked = 0
    const work = async (): Promise<void> => {
      worked += 1
    }
    expect(await failureOf(postgres.transaction(work))).toMatchObject({ code })
    expect(await failureOf(postgres.read(work))).toMatchObject({ code })
    expect(await failureOf(postgres.query('SELECT 1'))).toMatchObject({ code })
    expect(await failureOf(postgres.advise())).toMatchObject({ code })
    expect(await postgres.health()).toMatchObject({ status: 'down', ready: false, problem: code })
    expect(await failureOf(postgres.health({ signal: AbortSignal.abort(new Error('gone')) }))).toMatchObject({
      message: 'gone',
    })
    expect(worked).toBe(0)
  })

  it('cuts an operation that outlasts the grace period, also when the network answers nothing', async () => {
    await using proxy = await startTcpProxy(bench.serviceUrl)
    const postgres = bench.service({}, { through: (url) => proxy.url(url) })
    await postgres.prisma.user.count()
    proxy.blackHole()
    const working = Promise.all([
      failureOf(postgres.prisma.user.findMany({ include: { trials: true } })),
      failureOf(postgres.transaction((tx) => tx.user.count())),
    ])
    const start = performance.now()
    expect(await postgres.close(300)).toMatchObject({ drained: false })
    expect(performance.now() - start).toBeLessThan(10_000)
    for (const error of await working) expect(error).toBeInstanceOf(Error)
  })

  it('refuses a pool that Prisma would ignore, because it is of another copy of pg', () => {
    const stranger = { options: {}, connect() {}, query() {} }
    const failure = (): unknown =>
      createPrismaClient(
        stranger as never,
        resolvePostgresSettings(bench.settings()),
        {} as never,
        { runner: {} } as never,
        {} as never,
      )
    expect(failure).toThrow(PostgresError)
    expect(failure).toThrow('two copies of pg are installed')
  })
})
