import { setTimeout as sleep } from 'node:timers/promises'
import { Budget, createTestDatabase, RedisServer, sql, until } from '@miyabi/testing'
import { expect, it, onTestFinished } from 'vitest'
import { DatabaseContext } from '../../src/index.js'
import { onlyRelay } from '../only-relay.js'
import { TestProcess } from '../process.js'
import { variables } from './variables.js'

const ROWS = 20
/** How long after the relay is done with a row the last process may hear of it. It is generous: stale is for good. */
const MARGIN_NS = 1_000_000_000n

/** Reads through the cache without end, by slow and by quick loads, and says when each read began and what it gave. */
const READER = `
  const db = await miyabi.DatabaseContext.fromEnv()
  const service = db.asService()
  let isOver = false
  process.on('SIGTERM', () => { isOver = true })
  const read = async () => {
    const id = Math.floor(Math.random() * ${ROWS})
    const at = process.hrtime.bigint()
    const load = async ({ query }) => {
      const { rows: [row] } = await query('SELECT n FROM raced WHERE id = $1', [id])
      if (Math.random() < 0.5) await new Promise((resolve) => setTimeout(resolve, Math.random() * 30))
      return row.n
    }
    const options = { ttlMs: 60_000, tags: ['row:raced:' + id] }
    try {
      console.log(at + ' ' + id + ' ' + (await db.asService().cache.getOrSet(['raced', id], options, load)))
    } catch (error) {
      console.log('failed ' + (error.code ?? error))
    }
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 4))
  }
  console.log('ready')
  await Promise.all(Array.from({ length: 6 }, async () => { while (!isOver) await read() }))
  await db.close()
`

interface Read {
  readonly at: bigint
  readonly id: number
  readonly n: number
}

/** What was read that was older than what had been seen to be raised a while before. */
function stale(reads: readonly Read[], raised: readonly Read[]): Read[] {
  return reads.filter(({ at, id, n }) => raised.some((one) => one.id === id && one.at + MARGIN_NS < at && n < one.n))
}

const RACES = { name: 'races of the cache', short: 60, longSeconds: 120 }

it('nobody sees an older value once a change was raised: readers, writers, loads, kills and restarts in two processes', {
  timeout: new Budget(RACES).timeoutMs,
}, async () => {
  const database = await createTestDatabase()
  onTestFinished(() => database.drop())
  const redis = await RedisServer.start()
  onTestFinished(() => redis[Symbol.asyncDispose]())
  const admin = (text: string) => sql(database.directDatabaseUrl, text)
  await admin(`CREATE TABLE raced (id integer PRIMARY KEY, n integer NOT NULL DEFAULT 0);
    ALTER TABLE raced OWNER TO miyabi_owner; GRANT SELECT ON raced TO miyabi_service;
    INSERT INTO raced (id) SELECT generate_series(0, ${ROWS - 1}); SELECT cache_tags('raced')`)
  const env = variables(database, redis.url)
  const db = await DatabaseContext.fromEnv({ env })
  onTestFinished(async () => void (await db.close()))
  await onlyRelay(db)

  const reads: Read[] = []
  const spawn = async (): Promise<TestProcess> => {
    const process = new TestProcess(READER, env)
    await process.says('ready')
    return process
  }
  const failures = new Set<string>()
  const collect = ({ lines }: TestProcess): void => {
    for (const line of lines.splice(0)) {
      const [at, id, n] = line.split(' ')
      if (at === 'failed') failures.add(line)
      else if (n !== undefined) reads.push({ at: BigInt(at ?? 0), id: Number(id), n: Number(n) })
    }
  }
  const processes = [await spawn(), await spawn()]
  const raised: Read[] = []
  using budget = new Budget(RACES)
  let writes = 0
  while (budget.next()) {
    const id = Math.floor(budget.random() * ROWS)
    const [row] = await admin(`UPDATE raced SET n = n + 1 WHERE id = ${id} RETURNING n`)
    writes += 1
    await until(async () => (await admin(`SELECT FROM outbox WHERE topic = 'tags'`)).length === 0)
    raised.push({ at: process.hrtime.bigint(), id, n: Number(row?.['n']) })
    if (writes % 20 === 0) {
      const [killed] = processes.splice(0, 1)
      killed?.child.kill('SIGKILL')
      if (killed) collect(killed)
      processes.push(await spawn())
    }
    if (writes % 25 === 0) {
      await redis.signal('SIGSTOP')
      await sleep(300)
      await redis.signal('SIGCONT')
    }
    if (writes % 30 === 0) {
      await redis.signal('SIGKILL')
      await redis.up()
    }
  }
  await sleep(1500) // what is read now has been raised long ago
  for (const process of processes) {
    process.child.kill('SIGTERM')
    expect(await process.exit()).toBe(0)
    collect(process)
  }
  expect(stale(reads, raised)).toEqual([])
  // A machine under load may give no connection in time: then nothing was read.
  failures.delete('failed postgres.pool.acquire_timeout')
  expect([...failures], 'a Redis that is stopped or killed fails no call').toEqual([])
  expect(reads.length).toBeGreaterThan(writes * 5)
  // The oracle sees one that is stale.
  const last = raised.at(-1)
  expect(last && stale([{ ...last, at: last.at + 2n * MARGIN_NS, n: last.n - 1 }], raised)).toHaveLength(1)
})
