import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Budget, sql, until } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DatabaseContext } from '../../src/index.js'
import { readsOf, replicasUp, startWorld, type World } from './world.js'

/** How many write and read at the same time. */
const SESSIONS = 8

let world: World
let db: DatabaseContext
/** As in another process: it shares nothing with the first but the secret. */
let other: DatabaseContext
const people: string[] = []
beforeAll(async () => {
  world = await startWorld(2)
  db = await world.open()
  other = await world.open()
  for (let i = 0; i < SESSIONS; i += 1) {
    const { id } = await db.asService().pg.user.create({ data: { email: `${randomUUID()}@example.com`, name: '0' } })
    people.push(id)
  }
  await Promise.all([db, other].map(replicasUp))
}, 180_000)
afterAll(async () => {
  await Promise.all([db, other].map((one) => one?.close(0)))
  await world?.[Symbol.asyncDispose]()
})

/** Stops the replay of both standbys at random while `work` runs: up to 400 ms at a time, a third of the time. */
async function underStops<T>(budget: Budget, work: () => Promise<T>): Promise<T> {
  let isOver = false
  const stopping = [1, 2].map(async (replica) => {
    while (!isOver) {
      await sleep(budget.random() * 600)
      world.replay(replica, 'SIGSTOP')
      await sleep(budget.random() * 400)
      world.replay(replica, 'SIGCONT')
    }
  })
  try {
    return await work()
  } finally {
    isOver = true
    await Promise.all(stopping)
  }
}

/** A write and two reads in the next requests, again and again; how many reads were older than the write. */
async function pairs(
  budget: Budget,
  rounds: () => boolean,
  withToken: boolean,
): Promise<{ stale: number; pairs: number }> {
  let stale = 0
  let count = 0
  await Promise.all(
    people.map(async (userId) => {
      let seen = Number((await db.as({ userId }).pg.user.findUniqueOrThrow({ where: { id: userId } })).name)
      while (rounds()) {
        const writer = db.as({ userId })
        seen += 1
        await writer.pg.user.update({ where: { id: userId }, data: { name: String(seen) } })
        let token = await writer.token()
        if (budget.random() < 0.5) await sleep(budget.random() * 100)
        // Two requests, one after the other, of which each may come to another process and another replica.
        for (const process of [other, db]) {
          const reader = process.as({ userId }, { after: withToken ? token : undefined })
          const { name } = await reader.replica.pg.user.findUniqueOrThrow({ where: { id: userId } })
          count += 1
          if (Number(name) < seen) stale += 1
          token = await reader.token()
        }
      }
    }),
  )
  return { stale, pairs: count }
}

describe('a read behind a write, while replay is stopped at random', () => {
  const short = 240
  const budget = new Budget({ name: 'reads behind writes', short, longSeconds: 240 })
  afterAll(() => budget[Symbol.dispose]())

  it('is never stale with the token of the write, on a replica in four of five cases', {
    timeout: budget.timeoutMs,
  }, async () => {
    const before = readsOf(db, other)
    const { stale, pairs: read } = await underStops(budget, () => pairs(budget, () => budget.next(), true))
    expect(stale).toBe(0)
    expect(read).toBeGreaterThanOrEqual(short)
    const after = readsOf(db, other)
    const replica = after.replica - before.replica
    const primary = after.primary - before.primary
    console.info(
      `reads behind writes: ${read}, stale ${stale}, on a replica ${((100 * replica) / (replica + primary)).toFixed(1)} %`,
    )
    expect(replica / (replica + primary)).toBeGreaterThanOrEqual(0.8)
  })

  it('is stale without one, as the same count shows', { timeout: budget.timeoutMs }, async () => {
    let left = budget.isLong ? 5_000 : 120
    const { stale, pairs: read } = await underStops(budget, () => pairs(budget, () => left-- > 0, false))
    console.info(`reads without a token: ${read}, stale ${stale}`)
    expect(stale).toBeGreaterThan(0)
  })
})

describe('a standby that is killed', () => {
  it('costs its readers no error, and is read from again when it is back', { timeout: 120_000 }, async () => {
    const [userId = ''] = people
    const me = db.as({ userId })
    expect(await me.pg.user.count()).toBe(1)
    const after = await me.token() // a standby that starts again is for a moment older than it was
    let isOver = false
    const reading = Promise.all(
      Array.from({ length: 4 }, async () => {
        for (; !isOver; await sleep(2)) {
          const { rows } = await db.as({ userId }, { after }).replica.query<{ id: string }>('SELECT id FROM users')
          expect(rows).toEqual([{ id: userId }])
        }
      }),
    )
    reading.catch(() => {}) // awaited below
    try {
      for (const replica of [1, 2, 1]) {
        world.kill(replica)
        await sleep(100)
        await replicasUp(db)
      }
    } finally {
      isOver = true
      await reading
    }
    // The one that was killed last may have answered the question for its health just before its sessions ended.
    await until(async () => {
      const before = readsOf(db)
      await db.as({ userId }).replica.query('SELECT 1')
      return readsOf(db).replica === before.replica + 1
    })
    expect(await sql(world.directDatabaseUrl, 'SELECT count(*)::int AS slots FROM pg_replication_slots')).toEqual([
      { slots: 2 },
    ])
  })
})
