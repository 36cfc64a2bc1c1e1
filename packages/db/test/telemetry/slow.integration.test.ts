import type { TestDatabase } from '@miyabi/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { DatabaseContext } from '../../src/index.js'
import { observe } from '../../src/telemetry/index.js'
import { testEnvironment } from '../environment.js'
import { RecordingLogger } from '../recording-logger.js'

let database: TestDatabase
let env: Record<string, string>
const userIds: string[] = []
beforeAll(async () => {
  ;({ database, env } = await testEnvironment())
  await using db = await DatabaseContext.fromEnv({ env })
  for (let n = 0; n < 12; n += 1)
    userIds.push((await db.asService().pg.user.create({ data: { email: `u${n}@example.com`, name: `u${n}` } })).id)
})
afterAll(() => database.drop())

it('knows the slow statements of an application, without a value in its table or in the log', async () => {
  const logger = new RecordingLogger()
  await using db = await DatabaseContext.fromEnv({ env, logger })
  using telemetry = observe(db, { slowMs: 25 })
  const service = db.asService()
  for (const secret of ['S3cret1', "S3cret'2"]) {
    await service.query(`SELECT pg_sleep(0.03), '${secret.replaceAll("'", "''")}' AS x -- S3cret3`)
    await service.pg.$queryRaw`SELECT pg_sleep(0.03)::text, ${secret}::text AS y`
    await service.query(`SELECT pg_sleep(0.03), '${'S3cret4'}'::int`).catch(() => {})
  }
  await service.query('SELECT 1')
  const slow = telemetry.slow()
  const told = slow.map(({ statement, count, pools, errors }) => [statement, count, pools.join(), errors])
  expect(told).toEqual(
    expect.arrayContaining([
      ['SELECT pg_sleep($1), $2 AS x', 2, 'service', {}],
      ['SELECT pg_sleep($1)::text, $2::text AS y', 2, 'service', {}],
    ]),
  )
  for (const { totalMs, maxMs, count, lastAt } of slow) {
    expect(maxMs).toBeGreaterThanOrEqual(25)
    expect(totalMs).toBeGreaterThanOrEqual(maxMs)
    expect(totalMs).toBeLessThanOrEqual(maxMs * count)
    expect(Date.now() - lastAt.getTime()).toBeLessThan(600_000)
  }
  const lines = logger.of('db.statement_slow')
  expect(lines.map(({ fields }) => fields['statement']).sort()).toEqual(slow.map(({ statement }) => statement).sort())
  expect(JSON.stringify([slow, lines])).not.toContain('S3cret')

  telemetry[Symbol.dispose]()
  await service.query('SELECT pg_sleep(0.03), 5 AS z')
  expect(telemetry.slow()).toEqual(slow)
})

it('warns of a loop that asks for each row by itself, and not of one call for all', async () => {
  const logger = new RecordingLogger()
  await using db = await DatabaseContext.fromEnv({ env, logger })
  using _ = observe(db, { slowMs: Number.POSITIVE_INFINITY })
  const [userId = ''] = userIds
  for (const id of userIds) await db.as({ userId: id }).pg.user.findMany()
  await db.as({ userId }).pg.user.findMany({ where: { id: { in: userIds } }, include: { subscriptions: true } })
  expect(logger.of('db.statement_repeated')).toEqual([])
  const person = db.as({ userId })
  for (const id of userIds) await person.pg.subscription.findMany({ where: { userId: id } })
  await person.transaction(async (tx) => {
    for (const id of userIds) await tx.license.findMany({ where: { userId: id } })
  })
  expect(logger.of('db.statement_repeated').map(({ level, fields }) => [level, fields['statement']])).toEqual([
    ['warn', expect.stringMatching(/FROM "public"\."subscriptions" WHERE .*\$1/)],
    ['warn', expect.stringMatching(/FROM "public"\."licenses" WHERE .*\$1/)],
  ])
})
