import { describe, expect, it, onTestFinished } from 'vitest'
import type { Postgres, TransactionRun } from '../../src/index.js'
import { failureOf, until, usePoolBench } from '../support.js'

const bench = usePoolBench({ empty: false })
const line = (message: string) => ({ data: { level: 'info', message } as const })
const written = async () =>
  (await bench.admin<{ message: string }>('SELECT message FROM logs')).map((row) => row.message)

function open(): Postgres {
  const postgres = bench.service({ maxConnections: 3 })
  onTestFinished(async () => {
    await postgres.close(0)
    await bench.admin('DELETE FROM logs')
  })
  return postgres
}

const session = async ({ query }: TransactionRun) =>
  (await query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid

/** What work can do past its transaction that takes one of its own. */
const BESIDE: Record<string, (postgres: Postgres) => Promise<unknown>> = {
  'an interactive one': ({ prisma }) => prisma.$transaction((tx) => tx.log.create(line('beside'))),
  'a batch': ({ prisma }) => prisma.$transaction([prisma.log.create(line('beside')), prisma.log.count()]),
  'one that fails': ({ prisma }) =>
    failureOf(prisma.$transaction((tx) => tx.log.create(line('beside')).then(() => Promise.reject(new Error('no'))))),
}

describe.each(Object.entries(BESIDE))('a transaction, when its work begins another beside it: %s,', (what, begin) => {
  const left = what === 'one that fails' ? [] : ['beside']

  it('keeps its query(), before, meanwhile and after', async () => {
    const postgres = open()
    const insert = `INSERT INTO logs (level, message) VALUES ('info', $1)`
    const work = postgres.transaction(async (_tx, run) => {
      const sessions = [await session(run)]
      const beside = begin(postgres)
      sessions.push(await session(run))
      await run.query(insert, ['meanwhile'])
      await beside
      sessions.push(await session(run))
      await run.query(insert, ['after'])
      expect(new Set(sessions).size).toBe(1)
      throw new Error('rolled back')
    })
    await expect(work).rejects.toThrow('rolled back')
    expect(await written()).toEqual(left)
  })

  it('ends at its own deadline as before: canceled, and known to be rolled back', async () => {
    const postgres = open()
    let hasEnded = false
    // On a machine at other work the one beside may need longer than the first.
    for (const deadlineMs of [400, 4000, 40_000]) {
      const work = postgres.transaction(
        async (tx) => {
          await tx.log.create(line('own'))
          await begin(postgres)
          hasEnded = true
          await tx.$queryRawUnsafe('SELECT 1 FROM pg_sleep(60)')
        },
        { deadlineMs },
      )
      expect(await failureOf(work)).toMatchObject({ code: 'postgres.deadline', effect: 'none' })
      if (hasEnded) break
    }
    expect(hasEnded).toBe(true)
    await until(
      () => bench.busy(),
      (count) => count === 0,
    )
    expect(await written()).toEqual(left)
  })
})

describe('a transaction beside another', () => {
  it('ends with it at the deadline', async () => {
    const postgres = open()
    const sleeping = postgres.transaction(
      () => postgres.prisma.$transaction((tx) => tx.$queryRawUnsafe('SELECT 1 FROM pg_sleep(60)')),
      { deadlineMs: 300 },
    )
    expect(await failureOf(sleeping)).toMatchObject({ code: 'postgres.deadline' })
    await until(
      () => bench.busy(),
      (count) => count === 0,
    )
  })
})
