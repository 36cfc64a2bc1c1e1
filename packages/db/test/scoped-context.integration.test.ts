import { startTcpProxy, type TestDatabase } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DatabaseContext, type Identity, mapError } from '../src/index.js'
import { testEnvironment } from './environment.js'

let database: TestDatabase
let env: Record<string, string>
let db: DatabaseContext
const people: string[] = []
beforeAll(async () => {
  ;({ database, env } = await testEnvironment())
  db = await DatabaseContext.fromEnv({ env })
  for (const name of ['alice', 'bob']) {
    const { id } = await db.asService().pg.user.create({
      data: { email: `${name}@example.com`, name, pluginSubmissions: { create: { pluginData: { of: name } } } },
    })
    people.push(id)
  }
})
afterAll(async () => {
  await db.close()
  await database.drop()
})
const [alice, bob] = [() => ({ userId: people[0] ?? '' }), () => ({ userId: people[1] ?? '' })]

describe('DatabaseContext.as', () => {
  it('answers two people who ask the same each with their own', async () => {
    const ask = async (identity: Identity) => {
      const { pg, transaction, read, query } = db.as(identity)
      return [
        (await pg.pluginSubmission.findMany()).map(({ pluginData }) => pluginData),
        await transaction((tx) => tx.pluginSubmission.count()),
        await read((prisma) => prisma.$queryRaw`SELECT name FROM users`),
        (await query('SELECT name FROM users')).rows,
      ]
    }
    expect(await Promise.all([ask(alice()), ask(bob())])).toEqual([
      [[{ of: 'alice' }], 1, [{ name: 'alice' }], [{ name: 'alice' }]],
      [[{ of: 'bob' }], 1, [{ name: 'bob' }], [{ name: 'bob' }]],
    ])
  })

  it('is the only way to a row: the context itself has none', async () => {
    for (const call of [() => db.pg.user.findMany(), () => db.transaction((tx) => tx.user.count())]) {
      const error = await call().then(
        () => undefined,
        (cause: unknown) => cause,
      )
      expect(mapError(error)).toMatchObject({
        code: 'postgres.identity.missing',
        message: expect.stringContaining('as({ userId })'),
      })
    }
  })

  it('is fixed: no scope leads to another, and what is no identity to none', () => {
    const scopes = [db.as(alice()), db.asService()]
    for (const scope of scopes) {
      expect(() => scope.as(bob())).toThrow(expect.objectContaining({ code: 'postgres.identity.fixed' }))
      expect(() => scope.asService()).toThrow(expect.objectContaining({ code: 'postgres.identity.fixed' }))
    }
    expect(scopes.map(({ identity }) => identity)).toEqual([alice(), 'service'])
    expect(() => db.as({ userId: 'alice' })).toThrow(expect.objectContaining({ code: 'postgres.identity.invalid' }))
    expect(db.as(alice()).dynamodb).toBe(db.dynamodb)
  })
})

describe('DatabaseContext.asService', () => {
  it('sees everybody, over a pool of its own that is opened when it is used', async () => {
    await using own = await DatabaseContext.fromEnv({ env: { ...env, DB_SERVICE_MAX_CONNECTIONS: '2' } })
    await own.as(alice()).pg.user.count()
    expect(own.stats().service).toBeUndefined()
    expect(await own.asService().pg.user.count()).toBe(2)
    expect(own.stats().service).toMatchObject({ total: 1, max: 2, min: 0 })
    await own.close()
    expect(own.stats().service).toMatchObject({ total: 0 })
    await expect(own.asService().pg.user.count()).rejects.toMatchObject({ code: 'postgres.pool.closed' })
  })

  it('is refused without SERVICE_DATABASE_URL, by that name, and after the context closed', async () => {
    const { SERVICE_DATABASE_URL: _, ...without } = env
    const own = await DatabaseContext.fromEnv({ env: without })
    expect(() => own.asService()).toThrow(/SERVICE_DATABASE_URL/)
    const { pg } = own.as(alice())
    expect(await pg.user.count()).toBe(1)
    await own.close()
    expect(() => own.asService()).toThrow(expect.objectContaining({ code: 'postgres.pool.closed' }))
    await expect(pg.user.count()).rejects.toMatchObject({ code: 'postgres.pool.closed' })
  })

  it('that is refused its login shows in health before it is used, keeps a deployment back, and people are served all the same', async () => {
    const wrong = new URL(database.serviceDatabaseUrl)
    wrong.password = 'hunter2'
    await using own = await DatabaseContext.fromEnv({ env: { ...env, SERVICE_DATABASE_URL: wrong.toString() } })
    await expect
      .poll(async () => (await own.healthCheck()).postgres)
      .toMatchObject({ status: 'degraded', ready: false })
    await expect(own.asService().pg.user.count()).rejects.toThrow()
    await expect
      .poll(async () => (await own.healthCheck()).postgres)
      .toMatchObject({
        status: 'degraded',
        ready: false,
        problem: 'postgres.auth_failed',
        reason: expect.stringContaining('SERVICE_DATABASE_URL'),
      })
    expect(await own.as(alice()).pg.user.count()).toBe(1)
  })

  it('that worked and is gone leaves people served, and the instance ready', async () => {
    await using proxy = await startTcpProxy(database.serviceDatabaseUrl)
    const SERVICE_DATABASE_URL = proxy.url(database.serviceDatabaseUrl)
    await using own = await DatabaseContext.fromEnv({ env: { ...env, SERVICE_DATABASE_URL } })
    await expect.poll(() => own.ready()).toMatchObject({ ready: true })
    await proxy.refuse()
    await expect.poll(async () => (await own.healthCheck()).postgres).toMatchObject({ status: 'degraded', ready: true })
  })
})
