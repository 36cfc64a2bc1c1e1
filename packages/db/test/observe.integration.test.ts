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
  expect(heard).toEqual(['SELECT', 'SELECT'])
  expect(logger.of('postgres.observer_failed')).toHaveLength(1)
})
