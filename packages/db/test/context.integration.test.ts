import type { TestDatabase } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DatabaseContext, parseDatabaseSettings } from '../src/index.js'
import { testEnvironment } from './environment.js'
import { RecordingLogger } from './recording-logger.js'

let database: TestDatabase
let env: Record<string, string>
beforeAll(async () => {
  ;({ database, env } = await testEnvironment())
})
afterAll(() => database.drop())

describe('DatabaseContext', () => {
  it('reaches both stores through one object', async () => {
    await using db = await DatabaseContext.fromEnv({ env })
    const user = await db.asService().pg.user.create({ data: { email: 'Ada@example.com' } })
    expect((await db.asService().pg.user.findUnique({ where: { email: 'ada@example.com' } }))?.id).toBe(user.id)
    expect((await db.dynamodb.load()).client.config).toBeDefined()
    await expect
      .poll(() => db.healthCheck())
      .toMatchObject({
        status: 'up',
        postgres: { status: 'up', version: expect.stringMatching(/^\d+/) },
        dynamodb: { status: 'up' },
      })
    expect(db.stats().postgres).toMatchObject({ max: 4, waiting: 0, active: 0 })
    expect(db.stats().dynamodb).toMatchObject({
      sockets: { max: 128, active: 0, waiting: 0 },
      capacity: expect.any(Array),
    })
  })

  it('says whether the pools fit into the server', async () => {
    await using db = await DatabaseContext.fromEnv({ env: { ...env, DB_INSTANCES: '1000' } })
    expect(await db.advisePoolSize()).toMatchObject({
      needed: 11_010,
      fits: false,
      measured: { verdict: 'unmeasured' },
    })
  })

  it('is made from values as well', async () => {
    await using db = DatabaseContext.create(parseDatabaseSettings(env))
    expect((await db.healthCheck()).status).toBe('up')
  })

  it('commits a transaction that resolves and rolls one back that rejects', async () => {
    await using db = await DatabaseContext.fromEnv({ env })
    const count = (): Promise<number> => db.asService().pg.user.count({ where: { email: { startsWith: 'tx-' } } })
    const id = await db
      .asService()
      .transaction(async (tx) => (await tx.user.create({ data: { email: 'tx-1@example.com' } })).id, {
        isolation: 'Serializable',
      })
    expect(id).toMatch(/^[0-9a-f-]{36}$/)
    await expect(
      db.asService().transaction(async (tx) => {
        await tx.user.create({ data: { email: 'tx-2@example.com' } })
        throw new Error('changed my mind')
      }),
    ).rejects.toThrow('changed my mind')
    expect(await count()).toBe(1)
  })

  it('ends a transaction that outlasts its time', async () => {
    await using db = await DatabaseContext.fromEnv({ env })
    await db.asService().pg.user.count() // connected, so that all of the time is its own
    const slow = db.asService().transaction(async (tx) => tx.$queryRaw`SELECT pg_sleep(25)::text`, { deadlineMs: 500 })
    await expect(slow).rejects.toMatchObject({ code: 'postgres.deadline', details: { deadlineMs: 500, phase: 'work' } })
    expect(await db.asService().pg.user.count({ where: { email: 'nobody@example.com' } })).toBe(0)
  })

  it('stores the events that a writer has taken before it closes', async () => {
    const db = await DatabaseContext.fromEnv({ env })
    const writer = db.dynamodb.events.writer()
    const appends = Array.from({ length: 30 }, (_, n) => writer.append({ eventType: 'closing', data: { n } }))
    expect(await db.close()).toEqual({ drained: true })
    await Promise.all(appends)
    await using later = await DatabaseContext.fromEnv({ env })
    expect((await later.dynamodb.events.byType('closing', { from: new Date(Date.now() - 60_000) })).items).toHaveLength(
      30,
    )
  })

  it('hands the shard plan of the application on', async () => {
    const shards = { users: { all: [{ from: 'tomorrow', shards: 2 }] } }
    await expect(DatabaseContext.fromEnv({ env, dynamodb: { shards } })).rejects.toMatchObject({
      code: 'dynamo.invalid_input',
      details: { argument: 'shards.users.all' },
    })
  })

  it('closes within the shortest grace of all who ask, also where others would wait for work in flight', async () => {
    const db = await DatabaseContext.fromEnv({ env })
    const work = db.asService().query('SELECT pg_sleep(3600)')
    const failed = work.catch((error: unknown) => error)
    await expect.poll(() => db.stats().service?.active).toBe(1)
    const patient = db.close(3_600_000)
    expect(await db.close(50)).toEqual({ drained: false })
    expect(await patient).toEqual({ drained: false })
    expect(await failed).toBeInstanceOf(Error)
  })

  it('closes once, however often and in whatever way it is asked to', async () => {
    const logger = new RecordingLogger()
    const db = await DatabaseContext.fromEnv({ env, logger })
    await db.asService().pg.user.count()
    await Promise.all([db.close(), db.close(), db[Symbol.asyncDispose]()])
    await db.close()
    expect(logger.of('db.closed')).toHaveLength(1)
    await expect(db.asService().pg.user.count()).rejects.toThrow()
    await expect
      .poll(() => db.healthCheck())
      .toMatchObject({
        status: 'down',
        postgres: { status: 'down', reason: 'this context is closed' },
        dynamodb: { status: 'down', reason: 'this context is closed' },
      })
    expect(logger.of('db.health_degraded')).toEqual([])
  })

  it('says what it uses and what is misspelled, and names no secret', async () => {
    const logger = new RecordingLogger()
    await using db = await DatabaseContext.fromEnv({ env: { ...env, DB_MAX_CONNECTION: '7' }, logger })
    await db.healthCheck()
    expect(logger.of('db.started')).toHaveLength(1)
    expect(logger.of('db.variable_unknown')).toMatchObject([
      { level: 'warn', fields: { name: 'DB_MAX_CONNECTION', nearest: 'DB_MAX_CONNECTIONS' } },
    ])
    expect(logger.text).not.toContain(`:${new URL(database.databaseUrl).password}@`)
  })

  it('demands a DATABASE_URL in production and takes no endpoint for AWS', async () => {
    const production = { NODE_ENV: 'production', MIYABI_STACK_DIR: '/nonexistent' }
    await expect(DatabaseContext.fromEnv({ env: production })).rejects.toMatchObject({
      code: 'config.invalid',
      details: { faults: [{ name: 'DATABASE_URL' }] },
    })
    const logger = new RecordingLogger()
    await using _ = await DatabaseContext.fromEnv({
      env: { ...production, DATABASE_URL: database.databaseUrl, AWS_REGION: 'eu-west-1' },
      logger,
    })
    expect(logger.of('db.started')).toMatchObject([{ fields: { dynamodb: 'AWS eu-west-1' } }])
    expect(logger.of('db.attached')).toEqual([])
  })

  it('names both variables and the command when nothing is set and nothing is up', async () => {
    const env = { MIYABI_STACK_DIR: '/nonexistent' }
    const failed = DatabaseContext.fromEnv({ env })
    await expect(failed).rejects.toThrow(/DATABASE_URL[\s\S]*pnpm db:up[\s\S]*DYNAMODB_ENDPOINT[\s\S]*pnpm db:up/)
  })
})
