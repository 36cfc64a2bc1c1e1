import { startDynamoProxy, startTcpProxy, type TestDatabase } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DatabaseContext, type DatabaseHealth } from '../src/index.js'
import { testEnvironment } from './environment.js'
import { RecordingLogger } from './recording-logger.js'

let database: TestDatabase
let env: Record<string, string>
beforeAll(async () => {
  ;({ database, env } = await testEnvironment())
})
afterAll(() => database.drop())

/** Nobody listens on the reserved port 1. */
const closedPort = (url: string): string => {
  const changed = new URL(url)
  changed.port = '1'
  return changed.toString()
}

/** The health, in less time than a call may take: making the context, asking, closing. */
async function healthInTime(changed: Record<string, string>): Promise<DatabaseHealth> {
  const start = performance.now()
  let health: DatabaseHealth
  {
    await using db = await DatabaseContext.fromEnv({ env: { ...env, ...changed } })
    health = await db.healthCheck()
  }
  expect(performance.now() - start).toBeLessThan(30_000) // a call has a minute
  return health
}

describe('DatabaseContext with one store down', () => {
  it('starts without PostgreSQL: nobody listens', async () => {
    const health = await healthInTime({ DATABASE_URL: closedPort(database.databaseUrl) })
    expect(health).toMatchObject({ status: 'degraded', postgres: { status: 'down' }, dynamodb: { status: 'up' } })
    expect(health.postgres.reason).toContain('127.0.0.1:1')
    expect(health.postgres.remedy).toContain('pnpm db:up')
    expect(JSON.stringify(health)).not.toContain(`${new URL(database.databaseUrl).password}@`)
  })

  it('starts without PostgreSQL: it accepts and never answers', async () => {
    await using proxy = await startTcpProxy(database.databaseUrl)
    proxy.blackHole()
    const health = await healthInTime({ DATABASE_URL: proxy.url(database.databaseUrl) })
    expect(health).toMatchObject({ status: 'degraded', postgres: { status: 'down' }, dynamodb: { status: 'up' } })
    expect(health.postgres.reason).toMatch(/did not answer|no answer/i)
  })

  it('starts without DynamoDB: nobody listens', async () => {
    const health = await healthInTime({ DYNAMODB_ENDPOINT: 'http://127.0.0.1:1' })
    expect(health).toMatchObject({ status: 'degraded', postgres: { status: 'up' }, dynamodb: { status: 'down' } })
    expect(health.dynamodb.reason).toContain('ECONNREFUSED')
    expect(health.dynamodb.remedy).toContain('127.0.0.1:1')
  })

  it('starts without DynamoDB: it accepts and never answers', async () => {
    await using proxy = await startDynamoProxy(env['DYNAMODB_ENDPOINT'] ?? '', () => 'hang')
    const health = await healthInTime({ DYNAMODB_ENDPOINT: proxy.endpoint })
    expect(health).toMatchObject({ status: 'degraded', postgres: { status: 'up' }, dynamodb: { status: 'down' } })
  })

  it('is down with both gone', async () => {
    const health = await healthInTime({
      DATABASE_URL: closedPort(database.databaseUrl),
      DYNAMODB_ENDPOINT: 'http://127.0.0.1:1',
    })
    expect(health.status).toBe('down')
  })
})

describe('healthCheck over time', () => {
  it('says once that a store went away, and once that it is back', async () => {
    await using proxy = await startTcpProxy(database.databaseUrl)
    const logger = new RecordingLogger()
    const url = proxy.url(database.databaseUrl)
    await using db = await DatabaseContext.fromEnv({ env: { ...env, DATABASE_URL: url }, logger })
    await expect.poll(async () => (await db.healthCheck()).status).toBe('up')
    const said = () => ['db.health_degraded', 'db.health_recovered'].map((event) => logger.of(event).length)
    const before = said()
    await proxy.refuse()
    proxy.resetAll()
    expect((await db.healthCheck()).status).toBe('degraded')
    expect((await db.healthCheck()).status).toBe('degraded')
    await proxy.pass()
    await expect.poll(async () => (await db.healthCheck()).status).toBe('up')
    expect(said()).toEqual(before.map((count) => count + 1))
  })

  it('stops waiting when its caller does', async () => {
    await using proxy = await startTcpProxy(database.databaseUrl)
    proxy.blackHole()
    await using db = await DatabaseContext.fromEnv({
      env: { ...env, DATABASE_URL: proxy.url(database.databaseUrl) },
    })
    const controller = new AbortController()
    const asked = db.healthCheck({ signal: controller.signal })
    controller.abort(new Error('the client went away'))
    await expect(asked).rejects.toThrow('the client went away')
  })
})

describe('close', () => {
  it('resolves within its grace when both servers have stopped answering in the middle of the work', async () => {
    await using postgres = await startTcpProxy(database.databaseUrl)
    let fault: 'pass' | 'hang' = 'pass'
    await using dynamo = await startDynamoProxy(env['DYNAMODB_ENDPOINT'] ?? '', () => fault)
    const changed = {
      DATABASE_URL: postgres.url(database.databaseUrl),
      SERVICE_DATABASE_URL: postgres.url(database.serviceDatabaseUrl),
      DYNAMODB_ENDPOINT: dynamo.endpoint,
    }
    const db = await DatabaseContext.fromEnv({ env: { ...env, ...changed } })
    expect((await db.healthCheck()).status).toBe('up')
    await db.asService().pg.user.count()
    postgres.blackHole()
    fault = 'hang'
    const working = Promise.allSettled([db.asService().pg.user.count(), db.dynamodb.messages.undelivered('somebody')])
    const start = performance.now()
    await db.close(300)
    expect(performance.now() - start).toBeLessThan(20_000)
    expect(await working).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }])
  })
})

describe('probes', () => {
  it('live asks nobody; ready says within little more than a second what is wrong', async () => {
    await using proxy = await startTcpProxy(database.databaseUrl)
    proxy.blackHole()
    const changed = { DATABASE_URL: proxy.url(database.databaseUrl), DYNAMODB_ENDPOINT: 'http://127.0.0.1:1' }
    const db = await DatabaseContext.fromEnv({ env: { ...env, ...changed } })
    expect(db.live()).toBe(true)
    const start = performance.now()
    const { ready, reasons } = await db.ready()
    expect(performance.now() - start).toBeLessThan(20_000)
    expect(ready).toBe(false)
    expect(reasons).toEqual([expect.stringMatching(/^postgres: No answer/), expect.stringMatching(/^dynamodb: /)])
    await db.close(0)
    expect(db.live()).toBe(false)
    expect(await db.ready()).toMatchObject({ ready: false })
  })

  it('is ready with both up, and takes no slot of the pool for it', async () => {
    await using db = await DatabaseContext.fromEnv({ env })
    await expect.poll(() => db.ready()).toMatchObject({ ready: true, reasons: [] })
    expect(db.stats().postgres).toMatchObject({ active: 0, usage: { acquires: 0 } })
  })
})
