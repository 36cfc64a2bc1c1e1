import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Postgres } from '../../src/index.js'
import { failureOf, usePoolBench } from '../support.js'
import { statementsOf } from '../values/observe.js'

const bench = usePoolBench({ empty: false })
let postgres: Postgres
let users: string[]
beforeAll(async () => {
  postgres = bench.service({ maxConnections: 2 })
  const { prisma } = postgres
  users = []
  for (const name of ['a', 'b', 'c']) {
    const { id } = await prisma.user.create({ data: { email: `${name}@example.com`, name } })
    await prisma.plugin.create({ data: { id: name, ...ANY_PLUGIN, authorId: id } })
    await prisma.trial.create({
      data: { userId: id, pluginId: name, licenseKey: name, expiresAt: new Date('2999-01-01') },
    })
    await prisma.license.create({
      data: { userId: id, pluginId: name, licenseKey: name, tier: 'pro', features: [], limitations: {} },
    })
    users.push(id)
  }
})
afterAll(() => postgres?.close())

const ANY_PLUGIN = {
  name: 'n',
  displayName: 'N',
  source: 's',
  version: '1',
  tier: 'pro',
  features: [],
  limitations: {},
} as const
const hits = (): number => postgres.stats().compiledQueries.hits

describe('a list behind IN', () => {
  it('is one parameter, so that its length makes no other statement', async () => {
    const ask = (ids: readonly string[]) =>
      postgres.prisma.user.findMany({ where: { id: { in: [...ids] } }, orderBy: { name: 'asc' } })
    await ask(users)
    const texts = new Set<string>()
    for (const length of [1, 2, 3, 300]) {
      const ids = Array.from({ length }, (_, index) => users[index % 3] as string)
      const sent = await statementsOf(async () => expect(await ask(ids)).toHaveLength(Math.min(length, 3)))
      for (const text of sent.filter((one) => one.includes('users'))) texts.add(text) // not what tests a connection
    }
    expect([...texts].map((text) => /= ANY\(\$1\)/.test(text))).toEqual([true])
    const others = await postgres.prisma.user.findMany({ where: { id: { notIn: users.slice(1) } } })
    expect(others.map(({ id }) => id)).toEqual(users.slice(0, 1))
  })

  it('goes Prisma’s way where it is too long for a statement of Prisma', async () => {
    const ids = Array.from({ length: 33_000 }, () => users[0] as string)
    const before = hits()
    await postgres.prisma.user.count({ where: { id: { in: ids.slice(0, 2) } } })
    const failure = await failureOf(
      postgres.prisma.user.findMany({ where: { id: { in: ids } }, orderBy: { name: 'asc' } }),
    )
    expect(failure).toMatchObject({ code: 'P2029' })
    expect(hits() - before).toBeLessThanOrEqual(2)
  })
})

describe('the statements of an include', () => {
  const include = {
    subscriptions: true,
    licenses: { include: { user: true } },
    trials: { include: { user: true } },
  } as const

  it('go over one connection, those of one text too, whether the session knows it or not', async () => {
    const acquiredBy = async (): Promise<number> => {
      let acquired = 0
      const stop = postgres.pool.observe(({ name }) => {
        if (name === 'acquired') acquired += 1
      })
      const rows = await postgres.prisma.user.findMany({ include, orderBy: { name: 'asc' } })
      stop()
      expect(rows.map(({ licenses, trials }) => [licenses[0]?.user.id, trials[0]?.user.id])).toEqual(
        users.map((id) => [id, id]),
      )
      return acquired
    }
    await acquiredBy() // the first of its shape goes Prisma's way
    expect([await acquiredBy(), await acquiredBy()]).toEqual([1, 1])
    const held = await postgres.pool.connect()
    expect([await acquiredBy(), await acquiredBy()]).toEqual([1, 1]) // by a session that was told nothing yet
    held.release()
  })

  it('take a round trip for each level, whatever is asked there', async () => {
    await using one = bench.service({ maxConnections: 1 })
    const client = (await one.pool.acquire()) as unknown as { connection: NodeJS.EventEmitter; release(): void }
    let answers = 0
    client.connection.on('readyForQuery', () => {
      answers += 1
    })
    client.release()
    const ask = () => one.prisma.user.findUnique({ where: { id: users[0] as string }, include })
    const costs: number[] = []
    for (let round = 0; round < 5; round += 1) {
      const before = answers
      expect(await ask()).toMatchObject({
        licenses: [{ user: { id: users[0] } }],
        trials: [{ user: { id: users[0] } }],
      })
      costs.push(answers - before)
    }
    expect(costs).toEqual([6, 3, 3, 3, 3]) // the first goes Prisma's way
  })

  it('give each row what belongs to it alone, also what several have in common', async () => {
    const ask = () =>
      postgres.prisma.trial.findMany({
        include: { user: { include: { licenses: true } } },
        where: { userId: users[0] as string },
      })
    await postgres.prisma.trial.create({
      data: { userId: users[0] as string, pluginId: 'b', licenseKey: 'ab', expiresAt: new Date('2999-01-01') },
    })
    const byPrisma = await ask()
    for (let round = 0; round < 2; round += 1) {
      const [one, other, ...more] = await ask()
      expect([one, other]).toEqual(byPrisma)
      expect(more).toEqual([])
      expect(one?.user).toEqual(other?.user)
      expect(one?.user).not.toBe(other?.user)
      expect(one?.user.createdAt).not.toBe(other?.user.createdAt)
      expect(one?.user.licenses[0]).not.toBe(other?.user.licenses[0])
    }
  })

  it('fail with the error of the one that failed, and leave the connection as good as before', async () => {
    const pids = await bench.backends()
    const ask = () =>
      postgres.prisma.user.findMany({ include: { licenses: { where: { id: 'no uuid' } }, trials: true } })
    for (let round = 0; round < 3; round += 1) expect(await failureOf(ask())).toMatchObject({ code: 'P2007' })
    expect(await postgres.prisma.user.count()).toBe(3)
    expect(await bench.backends()).toEqual(pids)
  })
})

describe('a compiled statement', () => {
  it('of one row is planned once by a session, not for each execution', async () => {
    await using single = bench.service({ maxConnections: 1 })
    for (let round = 0; round < 30; round += 1)
      expect(await single.prisma.plugin.findFirst({ where: { id: 'a' } })).toMatchObject({ authorId: users[0] })
    const { rows } = await single.query(
      `SELECT generic_plans AS reused, custom_plans AS planned FROM pg_prepared_statements
        WHERE statement LIKE '%"plugins"%' AND NOT from_sql`,
    )
    expect(rows).toEqual([{ reused: expect.any(String), planned: '5' }])
    expect(Number(rows[0]?.['reused'])).toBeGreaterThan(20)
  })

  it('of a page has the same text for each page', async () => {
    const ask = (skip: number) =>
      postgres.prisma.user.findMany({ orderBy: { name: 'asc' }, skip, take: 2, select: { name: true } })
    for (const skip of [1, 2]) for (let round = 0; round < 2; round += 1) await ask(skip) // each has a plan of its own
    const sent = await statementsOf(async () => {
      expect(await ask(1)).toEqual([{ name: 'b' }, { name: 'c' }])
      expect(await ask(2)).toEqual([{ name: 'c' }])
    })
    expect(new Set(sent).size).toBe(1)
  })

  const page = () => postgres.prisma.log.findMany({ where: { level: 'info' } })

  it('is read by the columns that there are after an ALTER TABLE, in every session', async () => {
    await postgres.prisma.log.create({ data: { level: 'info', message: '7' } })
    const ask = () => Promise.all([page(), page(), page()])
    for (let round = 0; round < 3; round += 1)
      expect((await ask()).flat().map(({ message }) => message)).toEqual(['7', '7', '7'])
    await bench.admin('ALTER TABLE logs ALTER COLUMN message TYPE varchar(40)')
    for (let round = 0; round < 3; round += 1)
      expect((await ask()).flat().map(({ message }) => message)).toEqual(['7', '7', '7'])
    await bench.admin('ALTER TABLE logs ALTER COLUMN message TYPE int USING message::int')
    // An int where the schema says text: Prisma's error, and Prisma's again once it is mended.
    const failures = await Promise.all([failureOf(page()), failureOf(page())])
    for (const failure of failures) expect(failure).toMatchObject({ code: 'P2023' })
    await bench.admin('ALTER TABLE logs ALTER COLUMN message TYPE text USING message::text')
    for (let round = 0; round < 3; round += 1)
      expect((await ask()).flat().map(({ message }) => message)).toEqual(['7', '7', '7'])
  })

  it('is prepared anew by a session that was told to forget it', async () => {
    await page()
    const before = hits()
    for (let round = 0; round < 4; round += 1) {
      await postgres.pool.query(round % 2 ? 'DISCARD ALL' : 'DEALLOCATE ALL')
      expect(await Promise.all([page(), page()])).toHaveLength(2)
    }
    expect(hits() - before).toBe(8)
  })

  it('is asked with the values that its call began with, whatever its caller does with them later', async () => {
    const where = { name: 'a', createdAt: { lt: new Date('2999-01-01') }, id: { in: [...users] } }
    const list = where.id.in
    for (let round = 0; round < 3; round += 1) {
      Object.assign(where, { name: 'a', id: { in: list.splice(0, 3, ...users) && [...users] } })
      where.createdAt.lt.setUTCFullYear(2999)
      const ids = where.id.in
      const asked = postgres.prisma.user.findMany({ where }).then((rows) => rows.map(({ name }) => name))
      const key = { id: users[1] as string }
      const one = postgres.prisma.user.findUnique({ where: key }).then((row) => row?.name)
      where.name = 'b'
      where.createdAt.lt.setUTCFullYear(1999)
      ids.length = 0
      key.id = users[2] as string
      expect([await asked, await one]).toEqual([['a'], 'b'])
    }
  })

  it('is not that of equal values where they differ', async () => {
    const count = (gte: Date, lte: Date) => postgres.prisma.log.count({ where: { createdAt: { gte, lte } } })
    const day = '2026-01-01'
    expect(await count(new Date(day), new Date(day))).toBe(0)
    expect(await count(new Date('2000-01-01'), new Date('2100-01-01'))).toBe(1)
    expect(await count(new Date(day), new Date(day))).toBe(0)
  })
})
