import { Budget, sql, type TestDatabase } from '@miyabi/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { DatabaseContext } from '../../src/index.js'
import { testEnvironment } from '../environment.js'
import { TestProcess } from '../process.js'
import { type Common, plantUser, plantWebUser } from './planted.js'
import { dumpOf, linesWith } from './stores.js'

let database: TestDatabase
let env: Record<string, string>
let common: Common
beforeAll(async () => {
  const made = await testEnvironment()
  database = made.database
  env = { ...made.env, ERASURE_KEY: 'a key of these tests, and no other one' }
  const db = await DatabaseContext.fromEnv({ env })
  const owner: Common['owner'] = (text, values = []) => sql(database.directDatabaseUrl, text, [...values])
  const ask: Common['ask'] = async (text, values) => (await db.asService().query(text, values)).rows
  const plugin = { name: 'p', displayName: 'P', source: 'github:o/p', version: '1.0.0', tier: 'pro' } as const
  const { id: pluginId } = await db.asService().pg.plugin.create({ data: { id: 'common', ...plugin } })
  common = { db, ask, owner, prefix: env['DYNAMODB_TABLE_PREFIX'] ?? '', pluginId }
})
afterAll(async () => {
  await common.db.close()
  await database.drop()
})

/** Erases, and is gone at one of the steps that either store hears of, or as soon as PostgreSQL is done. */
const ERASER = `
  const db = await miyabi.DatabaseContext.fromEnv()
  let left = Number(process.env.STEPS)
  const die = () => process.kill(process.pid, 'SIGKILL')
  const step = () => { if (--left < 0) die() }
  db.observe({ statement: step, call: step, attempt: step, transaction: die })
  await db.erase(JSON.parse(process.env.IDENTITY))
  console.log('erased')
  await db.close()`

/** As many as an erasure has at least before PostgreSQL is done. */
const STEPS = 120

const budget = new Budget({ name: 'erasures that are killed', short: 2, longSeconds: 60 })

it('an erasure that is killed at any step is finished by the next', { timeout: budget.timeoutMs }, async () => {
  using kills = budget
  while (kills.next()) {
    const plant = kills.rounds > 1 && kills.random() < 0.5 ? plantUser : plantWebUser
    const [person, other] = [await plant(common), await plant(common)]
    const before = linesWith(await dumpOf(common.owner, common.db), other.marker)
    // The first is killed behind the transaction, when nothing in PostgreSQL says any more by what items are found.
    const steps = String(kills.rounds === 1 ? 1e6 : Math.floor(kills.random() * STEPS))
    await using killed = new TestProcess(ERASER, { ...env, STEPS: steps, IDENTITY: JSON.stringify(person.identity) })
    await killed.exit()
    const isKnown = linesWith(await dumpOf(common.owner, common.db), person.marker).length > 0
    const erased = await common.db.erase(person.identity)
    const after = await dumpOf(common.owner, common.db)
    expect([...linesWith(after, person.marker), ...linesWith(after, person.id)]).toEqual([])
    expect(linesWith(after, other.marker)).toEqual(before)
    if (!erased.isKnown) expect(isKnown).toBe(false)
    expect(await common.owner('SELECT mark FROM erasures')).toHaveLength(kills.rounds)
  }
})
