import { createTestDatabase, RedisServer, sql } from '@miyabi/testing'
import { expect, it, onTestFinished } from 'vitest'
import { TestProcess } from '../process.js'
import { variables } from './variables.js'

const CALLS = 5_000

/** Waits for the word to start, then misses one key very often at the same time. The load notes that it ran. */
const MISSING = `
  const db = await miyabi.DatabaseContext.fromEnv()
  const service = db.asService()
  while (!db.stats().cache?.isHearing) {
    await service.cache.getOrSet(['warm'], { ttlMs: 1 }, async () => 1)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  console.log('ready')
  while ((await service.query('SELECT FROM started')).rowCount === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  const load = async ({ query }) => {
    await query('INSERT INTO loads VALUES ($1)', [process.pid])
    await new Promise((resolve) => setTimeout(resolve, 500))
    return process.pid
  }
  const call = () => db.asService().cache.getOrSet(['missed'], { ttlMs: 86400000 }, load)
  const values = new Set(await Promise.all(Array.from({ length: ${CALLS} }, call)))
  console.log([...values].join() + ' ' + db.stats().cache.misses)
  await db.close()
`

it('makes one load of 10,000 misses in two processes at the same time', async () => {
  const database = await createTestDatabase()
  onTestFinished(() => database.drop())
  const redis = await RedisServer.start()
  onTestFinished(() => redis[Symbol.asyncDispose]())
  const admin = (text: string) => sql(database.directDatabaseUrl, text)
  await admin(`CREATE TABLE loads (pid integer); CREATE TABLE started (n integer);
    ALTER TABLE loads OWNER TO miyabi_owner; ALTER TABLE started OWNER TO miyabi_owner;
    GRANT INSERT ON loads TO miyabi_service; GRANT SELECT ON started TO miyabi_service`)
  const env = variables(database, redis.url)
  const processes = [new TestProcess(MISSING, env), new TestProcess(MISSING, env)]
  await Promise.all(processes.map((process) => process.says('ready')))
  await admin('INSERT INTO started VALUES (1)')
  expect(await Promise.all(processes.map((process) => process.exit()))).toEqual([0, 0])
  const loads = await admin('SELECT pid FROM loads')
  expect(loads).toHaveLength(1)
  const answers = processes.map(({ lines }) => lines.at(-1)?.split(' ')[0])
  expect(answers).toEqual([String(loads[0]?.['pid']), String(loads[0]?.['pid'])])
})
