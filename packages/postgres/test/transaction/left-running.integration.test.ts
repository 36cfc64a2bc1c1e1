import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { toPostgresError } from '../../src/errors/map-error.js'
import type { TransactionRun } from '../../src/index.js'
import { createPostgres, type Postgres, type Prisma } from '../../src/index.js'
import { failureOf, usePoolBench } from '../support.js'

const bench = usePoolBench({ empty: false })
const kept = async () => (await bench.admin<{ n: number }>('SELECT count(*)::int AS n FROM kept'))[0]?.n

beforeAll(async () => {
  await bench.admin('CREATE TABLE kept (n integer)')
  await bench.admin('GRANT SELECT, INSERT ON kept TO PUBLIC; GRANT USAGE ON SCHEMA public TO PUBLIC')
})
beforeEach(async () => {
  await bench.admin('TRUNCATE kept')
})

const WRITE = 'INSERT INTO kept VALUES ($1)'
/** How the work of a transaction can write, past Prisma and through it. */
const WAYS = {
  'query()': (_tx: Prisma.TransactionClient, { query }: TransactionRun, n: number) => query(WRITE, [n]),
  Prisma: (tx: Prisma.TransactionClient, _run: TransactionRun, n: number) => tx.$executeRawUnsafe(WRITE, n),
}
/** Of whose transaction; without an identity a write that comes too late has the login's own rights. */
const POOLS = {
  'the service': () => bench.service({ maxConnections: 1 }),
  nobody: () => createPostgres(bench.settings({ maxConnections: 1 })),
}
const CASES = Object.keys(WAYS).flatMap((way) => Object.keys(POOLS).map((pool) => [way, pool] as const))

describe.each(CASES)('what the work left running, by %s in a transaction of %s,', (way, pool) => {
  const write = WAYS[way as keyof typeof WAYS]
  const open = (): Postgres => POOLS[pool as keyof typeof POOLS]()

  it('writes nothing that stays when the transaction is rolled back, however late it comes', async () => {
    await using postgres = open()
    for (let late = 0; late < 60; late += 1) {
      let left: Promise<unknown> = Promise.resolve()
      const work = postgres.transaction(async (tx, run) => {
        await write(tx, run, late)
        left = (async () => {
          for (let n = 0; n < late % 40; n += 1) await undefined
          for (let n = 0; n < late - 40; n += 1) await turn()
          await write(tx, run, late)
        })()
        left.catch(() => {})
        throw new Error('rolled back')
      })
      await expect(work).rejects.toThrow('rolled back')
      await left.catch(() => {})
    }
    expect(await kept()).toBe(0)
    expect(postgres.stats()).toMatchObject({ active: 0, waiting: 0 })
  })

  it('writes nothing that stays after its deadline, when it goes on as if nothing had been', async () => {
    await using postgres = open()
    let isOver = false
    let left: Promise<void> = Promise.resolve()
    const work = postgres.transaction(
      (tx, run) => {
        left = (async () => {
          for (let n = 0; !isOver; n += 1) await write(tx, run, n).catch(() => turn())
        })()
        return left
      },
      { deadlineMs: 200 },
    )
    expect(toPostgresError(await failureOf(work)).code).toBe('postgres.deadline')
    await sleep(100)
    isOver = true
    await left
    expect(await kept()).toBe(0)
    expect((await postgres.query('SELECT 1 AS n')).rows).toEqual([{ n: 1 }])
  })

  it('is either part of what is committed or refused', async () => {
    await using postgres = open()
    let done = 0
    for (let late = 0; late < 60; late += 1) {
      let left: Promise<unknown> = Promise.resolve()
      await postgres.transaction(async (tx, run) => {
        left = (async () => {
          for (let n = 0; n < late; n += 1) await undefined
          await write(tx, run, late)
          done += 1
        })()
        left.catch(() => {})
      })
      await left.catch(() => {})
    }
    expect(await kept()).toBe(done)
  })
})
