import type { TestDatabase } from '@miyabi/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { DatabaseContext, type StatementFacts, sharedDatabase } from '../src/index.js'
import { testEnvironment } from './environment.js'
import { RecordingLogger } from './recording-logger.js'

let database: TestDatabase
let env: Record<string, string>
let userId: string
beforeAll(async () => {
  ;({ database, env } = await testEnvironment())
  await using db = await DatabaseContext.fromEnv({ env })
  const user = await db.asService().pg.user.create({ data: { email: 'alice@example.com', name: 'alice' } })
  userId = user.id
})
afterAll(() => database.drop())

const shortly = ({ pool, path, operation, collection, rows, error }: StatementFacts): string =>
  [pool, path, operation, collection, rows, error?.code].filter((part) => part !== undefined).join(' ')

/** What a piece of work is told as. */
async function told(work: (db: DatabaseContext) => Promise<unknown>): Promise<readonly StatementFacts[]> {
  const statements: StatementFacts[] = []
  await using db = await DatabaseContext.fromEnv({ env })
  db.observe({ statement: (facts) => statements.push(facts) })
  await work(db)
  return statements
}

it('tells of each statement of both pools, whichever way it went, and of nothing of our own', async () => {
  const statements = await told(async (db) => {
    await db.healthCheck()
    const alice = db.as({ userId })
    for (let time = 0; time < 3; time += 1) await alice.pg.user.findMany({ select: { id: true } })
    await alice.query('SELECT 1 AS one')
    await alice.pg.$queryRaw`SELECT name FROM users`
    const service = db.asService()
    await service.pg.log.createMany({ data: [1, 2, 3].map((n) => ({ level: 'info', message: `${n}` })) })
    await service.transaction(async (tx, { query }) => {
      await tx.user.update({ where: { id: userId }, data: { name: 'Alice' } })
      await query('DELETE FROM "logs" WHERE message = $1', ['3'])
    })
    await service.pg.$transaction([service.pg.user.count(), service.pg.log.count()])
    await db
      .transaction(async () => {
        throw new Error('thought better of it')
      })
      .catch(() => {})
    await service.query('SELECT 1 FROM nowhere').catch(() => {})
  })
  expect(statements.map(shortly)).toMatchInlineSnapshot(`
    [
      "main prisma SELECT users 1",
      "main compiled SELECT users 1",
      "main compiled SELECT users 1",
      "main sql SELECT 1",
      "main prisma SELECT users 1",
      "service bulk SELECT 5",
      "service bulk INSERT logs 3",
      "service transaction BEGIN",
      "service prisma UPDATE users 1",
      "service sql DELETE logs 1",
      "service transaction COMMIT",
      "service transaction BEGIN",
      "service prisma SELECT users 1",
      "service prisma SELECT logs 1",
      "service transaction COMMIT",
      "main transaction BEGIN",
      "main transaction ROLLBACK",
      "service sql SELECT postgres.invalid_sql",
    ]
  `)
})

it('tells of each statement of an include, and of the one that failed', async () => {
  const alice = { where: { id: userId } }
  const statements = await told(async (db) => {
    const { pg } = db.as({ userId })
    for (let time = 0; time < 3; time += 1)
      await pg.user.findUnique({ ...alice, include: { trials: true, licenses: true } })
    const badly = () =>
      pg.user.findUnique({ ...alice, include: { trials: { where: { id: 'no uuid' } }, licenses: true } })
    for (let time = 0; time < 2; time += 1) await badly().catch(() => {})
  })
  const compiled = statements.filter(({ path }) => path === 'compiled')
  expect(compiled.map(shortly)).toEqual(
    [
      ...Array.from({ length: 2 }, () => ['users 1', 'trials 0', 'licenses 0']).flat(),
      'users 1',
      'trials postgres.invalid_value',
    ].map((one) => `main compiled SELECT ${one}`),
  )
  expect(compiled.map(({ sql, collection }) => sql.includes(`"${collection}"`))).toEqual(compiled.map(() => true))
  expect(compiled.map(({ durationMs }) => durationMs > 0)).toEqual(compiled.map(() => true))
})

it('tells of a person by one object for all that one call of as() gave', async () => {
  const statements = await told(async (db) => {
    const [one, other] = [db.as({ userId }), db.as({ userId })]
    for (const scope of [one, other, one]) await scope.pg.user.count()
    await one.transaction(async (tx, { query }) => {
      await tx.user.count()
      await query('SELECT 1')
    })
    await db.asService().query('SELECT 1')
  })
  const [first, second] = statements.map(({ scope }) => scope)
  expect(first).not.toBe(second)
  const names = statements.map(({ scope }) => (scope === first ? 'one' : scope === second ? 'other' : scope))
  expect(names).toEqual(['one', 'other', 'one', undefined, 'one', 'one', undefined, undefined])
  expect(JSON.stringify(statements)).not.toContain(userId)
})

it('tells of transactions by their end, of what is run again, and of connections', async () => {
  const told: string[] = []
  const opened: number[] = []
  await using db = await DatabaseContext.fromEnv({ env })
  const service = db.asService()
  await service.pg.user.count()
  db.observe({
    transaction: ({ pool, outcome }) => told.push(`${pool} ${outcome}`),
    retry: ({ what, code, attempt, gaveUp }) => told.push([what, code, attempt, gaveUp].join(' ')),
    pool: (event) => {
      if (event.name === 'opened') opened.push(event.openedMs)
      if (event.name === 'discarded') told.push(`${event.pool} discarded ${event.livedMs > 0}`)
    },
  })
  await service.transaction((tx) => tx.user.count())
  await service.pg.$transaction([service.pg.user.count(), service.pg.log.count()])
  await service.transaction((_, { query }) => query('SELECT 1 FROM nowhere')).catch(() => {})
  let attempts = 0
  const conflict = `DO $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = 'serialization_failure'; END $$`
  await service.transaction(async (_, { query }) => {
    attempts += 1
    if (attempts === 1) await query(conflict)
  })
  expect(told.splice(0)).toEqual([
    'service committed',
    'service committed',
    'service rolled_back',
    'service rolled_back',
    'transaction postgres.serialization_failure 1 ',
    'service committed',
  ])
  await Promise.all(Array.from({ length: 4 }, () => service.query('SELECT pg_sleep(0.05)')))
  expect(opened.length).toBeGreaterThan(0)
  expect(Math.min(...opened)).toBeGreaterThan(0)
  await db.close()
  expect(told).toContain('service discarded true')
})

it('opens no shared database, and hears of the service whose pool is opened later', async () => {
  const heard: string[] = []
  const db = sharedDatabase({ env: {} })
  db.observe({ statement: () => {} })()
  await using one = sharedDatabase({ env })
  const end = one.observe({ statement: ({ pool }) => heard.push(pool) })
  one.observe({ statement: ({ pool }) => heard.push(`never ${pool}`) })()
  await one.as({ userId }).query('SELECT 1')
  await one.asService().query('SELECT 1')
  end()
  await one.asService().query('SELECT 1')
  expect(heard).toEqual(['main', 'service'])
})

it('tells of both stores, whichever is used first', async () => {
  await using db = await DatabaseContext.fromEnv({ env })
  const heard: string[] = []
  db.observe({
    statement: ({ store }) => heard.push(store),
    call: ({ store, operation }) => heard.push(`${store} ${operation}`),
    attempt: ({ command }) => heard.push(command),
  })
  await db.dynamodb.events.append({ eventType: 'x' })
  await db.as({ userId }).query('SELECT 1')
  expect(heard).toEqual(['PutItem', 'aws.dynamodb events.append', 'postgresql'])
})

it('begins and ends when it is told to, on a shared database too, and survives who throws', async () => {
  const logger = new RecordingLogger()
  await using db = sharedDatabase({ env, logger })
  const heard: string[] = []
  const endOfBad = db.observe({
    statement: () => {
      throw new Error('an observer of mine')
    },
  })
  const end = db.observe({ statement: ({ operation }) => heard.push(operation) })
  const ask = (): Promise<unknown> => db.as({ userId }).query('SELECT 1')
  await ask()
  await ask()
  end()
  await ask()
  endOfBad()
  await ask()
  expect(heard).toEqual(['SELECT', 'SELECT'])
  expect(logger.of('postgres.observer_failed')).toHaveLength(1)
})
