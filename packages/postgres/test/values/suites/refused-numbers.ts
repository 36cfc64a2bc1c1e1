import { describe, expect, it } from 'vitest'
import { toPostgresError } from '../../../src/errors/map-error.js'
import { type JsonDocument, Prisma } from '../../../src/index.js'
import type { IdentityBench } from '../../identity/people.js'
import { PLUGIN } from '../../identity/people.js'
import { failureOf } from '../../support.js'
import { statementsOf } from '../observe.js'

type Call = () => Promise<unknown>

/** What Prisma would change on its way, and what it would not. */
export function refusedNumbers(bench: IdentityBench): void {
  const prisma = () => bench.service.prisma
  const where = { id: PLUGIN }
  const price =
    (value: unknown): Call =>
    () =>
      prisma().plugin.update({ where, data: { price: value as number } })
  const period =
    (value: unknown): Call =>
    () =>
      prisma().plugin.count({ where: { trialPeriod: value as number } })
  const page =
    (args: object): Call =>
    () =>
      prisma().plugin.findMany(args)
  const aggregate =
    (tokens: unknown): Call =>
    () =>
      prisma().usageAggregate.create({
        data: { userId: bench.alice.userId, pluginId: PLUGIN, period: '2026-01', tokens: tokens as number },
      })
  const log =
    (data: unknown): Call =>
    () =>
      prisma().log.create({ data: { level: 'info', message: 'm', data: data as JsonDocument } })

  const refused: readonly (readonly [string, string, Call])[] = [
    ['a fraction for an Int', 'data.price', price(9.99)],
    ['a fraction as a Decimal for an Int', 'data.price', price(new Prisma.Decimal('9.5'))],
    ['a fraction to set', 'data.price.set', price({ set: 9.5 })],
    ['a fraction to add', 'data.price.increment', price({ increment: 0.5 })],
    ['a fraction to multiply by', 'data.price.multiply', price({ multiply: 1.5 })],
    ['an Int beyond 32 bits', 'data.price', price(2 ** 31)],
    ['NaN for an Int', 'data.price', price(Number.NaN)],
    ['infinity for an Int', 'data.price', price(Number.POSITIVE_INFINITY)],
    ['NaN in a filter, which would ask for NULL', 'where.trialPeriod', period(Number.NaN)],
    ['a fraction in a filter', 'where.trialPeriod.gte', period({ gte: 6.5 })],
    ['a fraction in a list', 'where.trialPeriod.in.1', period({ in: [1, 6.9] })],
    [
      'a fraction behind NOT',
      'where.NOT.0.trialPeriod.not',
      () => prisma().plugin.count({ where: { NOT: [{ trialPeriod: { not: 1.5 } }] } }),
    ],
    [
      'a fraction in the filter of a relation',
      'where.reviews.some.rating',
      () => prisma().plugin.count({ where: { reviews: { some: { rating: 4.5 } } } }),
    ],
    ['a fraction to take', 'take', page({ take: 1.5 })],
    ['more to take than 32 bits, which would take none', 'take', page({ take: 2 ** 40 })],
    ['infinitely many to take', 'take', page({ take: Number.POSITIVE_INFINITY })],
    ['a fraction to skip', 'skip', page({ skip: 0.5 })],
    ['a fraction to take of a relation', 'include.reviews.take', page({ include: { reviews: { take: 1.5 } } })],
    ['a fraction in a cursor', 'cursor.githubId', () => prisma().webUser.findMany({ cursor: { githubId: 1.5 } })],
    [
      'a fraction in a nested create',
      'data.pluginReviews.create.rating',
      () =>
        prisma().user.create({
          data: { email: 'n@x.y', pluginReviews: { create: { pluginId: PLUGIN, rating: 3.7 } } },
        }),
    ],
    [
      'a fraction in createMany',
      'data.0.rating',
      () => prisma().pluginReview.createMany({ data: [{ userId: bench.alice.userId, pluginId: PLUGIN, rating: 3.7 }] }),
    ],
    [
      'a fraction in having',
      'having.price._sum.gt',
      () => prisma().plugin.groupBy({ by: ['tier'], having: { price: { _sum: { gt: 0.5 } } } }),
    ],
    ['a fraction for a BigInt', 'data.tokens', aggregate(1.7)],
    ['a number beyond 2^53, which is sent as another', 'data.tokens', aggregate(2 ** 62)],
    ['a bigint beyond 64 bits', 'data.tokens', aggregate(2n ** 63n)],
    ['NaN for a Decimal', 'data.rating', () => prisma().plugin.update({ where, data: { rating: Number.NaN } })],
    ['NaN in JSON, which would be null', 'data.data.deep.0', log({ deep: [Number.NaN] })],
    ['a bigint in JSON, which would be text', 'data.data.n', log({ n: 1n })],
    [
      'half a surrogate pair',
      'data.message',
      () => prisma().log.create({ data: { level: 'info', message: 'half \ud83d' } }),
    ],
    ['NaN in raw SQL, which would be NULL', '$1', () => prisma().$queryRaw`SELECT ${Number.NaN}::float8`],
    [
      'a bigint in JSON in raw SQL, which would be text',
      '$1.deep.0',
      () => prisma().$queryRaw`SELECT ${{ deep: [1n] }}::jsonb`,
    ],
    ['half a surrogate pair in raw SQL', '$2', () => prisma().$queryRawUnsafe('SELECT $1, $2', 'a', '\udc00')],
  ]

  describe('a value that would be changed on its way', () => {
    it.each(refused)('is refused before anything is sent: %s', async (_what, argument, call) => {
      let failure: unknown
      const sent = await statementsOf(async () => {
        failure = await failureOf(call())
      })
      expect(failure).toBeInstanceOf(Prisma.PrismaClientValidationError)
      expect(failure).toMatchObject({ code: 'postgres.invalid_query' })
      expect(toPostgresError(failure)).toMatchObject({
        code: 'postgres.invalid_query',
        details: { argument },
        effect: 'none',
      })
      expect(sent.filter((text) => text.includes('"public".'))).toEqual([])
    })

    it('is refused in transactions, in scopes, in extended clients, and with all of its $transaction([...])', async () => {
      const { alice, postgres, service } = bench
      const take = (client: Prisma.TransactionClient) => failureOf(client.plugin.findMany({ take: 1.5 }))
      const extended = prisma().$extends({
        query: { plugin: { findMany: ({ query }) => query({ take: 1.5 }) } },
      })
      const email = 'in-array@example.com'
      const array = () =>
        service.prisma.$transaction([
          service.prisma.user.create({ data: { email } }),
          service.prisma.plugin.update({ where, data: { price: 9.99 } }),
        ])
      for (const failure of [
        await service.transaction(take),
        await take(postgres.as({ userId: alice.userId }).prisma),
        await failureOf(extended.plugin.findMany({ take: 1 })),
        await failureOf(array()),
      ])
        expect(failure).toMatchObject({ code: 'postgres.invalid_query' })
      expect(await prisma().user.count({ where: { email } })).toBe(0)
    })

    it('is refused by query() where the driver would send something else', async () => {
      const { service } = bench
      for (const value of [new Date(Number.NaN), 'half \ud83d'])
        expect(await failureOf(service.query('SELECT $1', [value]))).toMatchObject({ code: 'postgres.invalid_query' })
      expect(await failureOf(service.query('SELECT $1::int', [9.99]))).toMatchObject({ code: 'postgres.invalid_value' })
    })
  })

  describe('a value that arrives as it is', () => {
    it('is sent: whole numbers, fractions where there are some, an average in having', async () => {
      const { alice } = bench
      const data = { level: 'info', message: '\u{1f600}', data: { n: [1.5, 1e300, 2 ** 53 - 1, -1, 0] } } as const
      const { id, ...row } = await prisma().log.create({ data })
      expect(row).toMatchObject(data)
      const plugin = await prisma().plugin.update({
        where,
        data: { rating: 1.25, price: -0, downloads: { increment: 2 ** 31 - 1 } },
      })
      expect([plugin.rating.toNumber(), plugin.price, plugin.downloads]).toEqual([1.25, 0, 2 ** 31 - 1])
      await prisma().plugin.update({ where, data: { rating: 5, downloads: 0 } })
      for (const tokens of [2n ** 63n - 1n, 2 ** 53 - 1, 7]) {
        const created = await prisma().usageAggregate.create({
          data: { userId: alice.userId, pluginId: PLUGIN, period: '2026-02', tokens },
        })
        expect(created.tokens).toBe(BigInt(tokens))
        await prisma().usageAggregate.delete({ where: { id: created.id } })
      }
      await prisma().plugin.groupBy({ by: ['tier'], having: { price: { _avg: { gt: 0.5 } } } })
      await prisma().plugin.findMany({ take: -1, skip: 0, where: { rating: { gt: 0.5 } } })
      await prisma().log.delete({ where: { id } })
    })

    it('is a moment before the year 1', async () => {
      const early = new Date('-000043-03-15T00:00:00.123Z')
      expect(await prisma().subscription.count({ where: { createdAt: { gt: early } } })).toBe(2)
      expect(await prisma().$queryRaw`SELECT ${early}::timestamptz::text AS text`).toEqual([
        { text: '0044-03-15 00:00:00.123+00 BC' },
      ])
      expect(await prisma().$queryRaw`SELECT ${new Date('0000-01-01T00:00:00Z')}::timestamptz AS at`).toEqual([
        { at: new Date('0000-01-01T00:00:00Z') },
      ])
    })
  })
}
