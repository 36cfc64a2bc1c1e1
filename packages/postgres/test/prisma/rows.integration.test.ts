import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Postgres, Prisma } from '../../src/index.js'
import { usePoolBench } from '../support.js'

const bench = usePoolBench({ empty: false })
let postgres: Postgres
beforeAll(() => {
  postgres = bench.service({ maxConnections: 5 })
})
afterAll(() => postgres?.close())

let made = 0
const unique = (): string => {
  made += 1
  return `${process.pid}-${made}`
}
const newUser = () => postgres.prisma.user.create({ data: { email: `${unique()}@example.com` } })
const newPlugin = (rating = '0') =>
  postgres.prisma.plugin.create({
    data: {
      id: `plugin-${unique()}`,
      name: 'p',
      displayName: 'P',
      source: 's',
      version: '1.0.0',
      tier: 'free',
      features: [],
      limitations: {},
      rating,
    },
  })

describe('rows through the pool', () => {
  it('are created, read, changed and deleted', async () => {
    const { prisma } = postgres
    const { id } = await newUser()
    expect(await prisma.user.findUnique({ where: { id } })).toMatchObject({ id, role: 'user', name: null })
    await prisma.user.update({ where: { id }, data: { name: 'Ada' } })
    expect(await prisma.user.findFirst({ where: { name: 'Ada', id } })).toMatchObject({ id })
    expect(await prisma.user.deleteMany({ where: { id } })).toEqual({ count: 1 })
    expect(await prisma.user.findUnique({ where: { id } })).toBeNull()
  })

  it('keep every digit of a bigint', async () => {
    const githubId = 9_007_199_254_740_993n
    const made = await postgres.prisma.webUser.create({ data: { githubId, githubUsername: 'octocat' } })
    expect(made.githubId).toBe(githubId)
    expect((await postgres.prisma.webUser.findUnique({ where: { githubId } }))?.id).toBe(made.id)
  })

  it('keep a decimal exact', async () => {
    const plugin = await newPlugin('4.35')
    expect(plugin.rating).toBeInstanceOf(Prisma.Decimal)
    expect(plugin.rating.toString()).toBe('4.35')
    expect(await postgres.prisma.plugin.count({ where: { id: plugin.id, rating: new Prisma.Decimal('4.35') } })).toBe(1)
  })

  it('keep an instant to the millisecond, whatever the zone of server and process', async () => {
    const instant = new Date('2024-02-29T23:59:59.987Z')
    const [user, plugin] = await Promise.all([newUser(), newPlugin()])
    const trial = await postgres.prisma.trial.create({
      data: {
        userId: user.id,
        pluginId: plugin.id,
        licenseKey: unique(),
        startedAt: instant,
        expiresAt: new Date(instant.getTime() + 1),
      },
    })
    expect(trial.startedAt).toEqual(instant)
    const [row] = await bench.admin<{ text: string }>(
      "SELECT to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS') AS text FROM trials WHERE id = $1",
      [trial.id],
    )
    expect(row?.text).toBe('2024-02-29 23:59:59.987')
  })

  it('keep JSON as it was, unicode and depth included', async () => {
    const data = { text: 'みやび "quoted" \\ \u0001', list: [1, null, true, { deep: [[{ a: 0.1 }]] }], empty: {} }
    const log = await postgres.prisma.log.create({ data: { level: 'info', message: 'm', data } })
    expect((await postgres.prisma.log.findUnique({ where: { id: log.id } }))?.data).toEqual(data)
  })
})

describe('many callers', () => {
  it('share a pool of five', async () => {
    const { prisma } = postgres
    const user = await newUser()
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, n) =>
        n % 2 === 0
          ? prisma.user.findFirst({ where: { id: user.id } })
          : prisma.$transaction((tx) => tx.user.findUnique({ where: { id: user.id } })),
      ),
    )
    expect(answers.every((row) => row?.id === user.id)).toBe(true)
    expect(postgres.stats()).toMatchObject({ total: 5, active: 0, idle: 5, connecting: 0, waiting: 0, max: 5, min: 0 })
  })
})
