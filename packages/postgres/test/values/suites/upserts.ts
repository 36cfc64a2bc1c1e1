import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { toPostgresError } from '../../../src/errors/map-error.js'
import type { Prisma } from '../../../src/index.js'
import type { IdentityBench } from '../../identity/people.js'
import { PLUGIN } from '../../identity/people.js'
import { failureOf } from '../../support.js'

const LONG = process.env['MIYABI_TEST_LONG'] === '1'

/** Several at once for one row that is not there yet: one inserts it, the others find it. */
export function upserts(bench: IdentityBench): void {
  const service = () => bench.service
  const AT_ONCE = 8
  const emails = () => Array.from({ length: 2 }, () => `race-${randomUUID()}@example.com`)

  describe('upserts of one row at once', () => {
    const ways: readonly (readonly [string, (email: string) => Promise<{ readonly id: string }>])[] = [
      ['update: {}', (email) => service().prisma.user.upsert({ where: { email }, create: { email }, update: {} })],
      [
        'an include',
        (email) =>
          service().prisma.user.upsert({
            where: { email },
            create: { email },
            update: { name: 'x' },
            include: { trials: true },
          }),
      ],
      [
        'nested writes',
        (email) =>
          service().prisma.user.upsert({
            where: { email: email.toUpperCase() },
            create: { email, pluginReviews: { create: { pluginId: PLUGIN, rating: 1 } } },
            update: { name: 'x' },
          }),
      ],
      [
        'transaction()',
        (email) => service().transaction((tx) => tx.user.upsert({ where: { email }, create: { email }, update: {} })),
      ],
      [
        '$transaction([...])',
        async (email) => {
          const { prisma } = service()
          const upsert = prisma.user.upsert({ where: { email }, create: { email }, update: {} })
          const [user] = await prisma.$transaction([upsert, prisma.user.count()])
          return user
        },
      ],
    ]

    it('succeed as a connectOrCreate or an upsert of a relation too', async () => {
      const license = (email: string) => ({
        tier: 'free' as const,
        licenseKey: randomUUID(),
        plugin: { connect: { id: PLUGIN } },
        user: { connectOrCreate: { where: { email }, create: { email } } },
      })
      for (const email of emails()) {
        const licenses = await Promise.all(
          Array.from({ length: AT_ONCE }, (_, n) =>
            n % 2 === 0
              ? service().prisma.license.create({ data: license(email) })
              : service().transaction((tx) => tx.license.create({ data: license(email) })),
          ),
        )
        const owners = new Set(licenses.map(({ userId }) => userId))
        expect(owners.size).toBe(1)
        const [userId = ''] = owners
        const where = { userId_pluginId: { userId, pluginId: PLUGIN } }
        const create = { pluginId: PLUGIN, licenseKey: 'k', expiresAt: new Date('2999-01-01T00:00:00Z') }
        await Promise.all(
          Array.from({ length: AT_ONCE }, () =>
            service().prisma.user.update({
              where: { id: userId },
              data: { trials: { upsert: { where, create, update: { licenseKey: 'l' } } } },
            }),
          ),
        )
        expect(await service().prisma.trial.count({ where: { userId } })).toBe(1)
        await service().prisma.trial.deleteMany({ where: { userId } })
      }
    })

    it.each(ways)('all succeed with the same row, by %s', async (_way, upsert) => {
      for (const email of emails()) {
        const users = await Promise.all(Array.from({ length: AT_ONCE }, () => upsert(email)))
        expect(new Set(users.map(({ id }) => id)).size).toBe(1)
      }
    })

    it('fail where another row is in the way, which no retry changes', async () => {
      const taken = await service().prisma.user.create({
        data: { email: `${randomUUID()}@x.y`, stripeCustomerId: 'cus_taken' },
      })
      const upsert = (client: Prisma.TransactionClient) => {
        const email = `${randomUUID()}@x.y`
        return client.user.upsert({ where: { email }, create: { email, stripeCustomerId: 'cus_taken' }, update: {} })
      }
      const { prisma } = service()
      for (const call of [
        () => upsert(prisma),
        () => service().transaction(upsert),
        () => prisma.$transaction([upsert(prisma)]),
      ])
        expect(toPostgresError(await failureOf(call()))).toMatchObject({
          code: 'postgres.unique_violation',
          details: { columns: ['stripe_customer_id'] },
        })
      await prisma.user.delete({ where: { id: taken.id } })
    })
  })

  describe('$transaction([...])', () => {
    if (LONG) {
      it('goes on after six seconds', async () => {
        const { prisma } = service()
        const slow = prisma.$executeRaw`SELECT pg_sleep(6)`
        await expect(prisma.$transaction([slow, prisma.user.count()])).resolves.toHaveLength(2)
      })
    }

    it('has no limit but that of its statements, where Prisma ends it after five seconds', async () => {
      const { prisma } = service()
      const slow = (seconds: number) =>
        prisma.$queryRaw<{ at: Date }[]>`SELECT clock_timestamp() AS at, pg_sleep(${seconds}::float8)::text`
      // The limit of a caller's own still counts.
      const limited = prisma.$transaction([slow(0.3), slow(0)], { timeout: 100 } as object)
      expect(toPostgresError(await failureOf(limited))).toMatchObject({ code: 'postgres.transaction_timeout' })
      const timers: number[] = []
      const { setTimeout: real } = globalThis
      globalThis.setTimeout = Object.assign((...args: Parameters<typeof real>) => {
        timers.push(args[1] ?? 0)
        return real(...args)
      }, real) as typeof real
      try {
        await prisma.$transaction([slow(0), slow(0)])
      } finally {
        globalThis.setTimeout = real
      }
      expect(timers).toContain(2 ** 31 - 1)
      expect(timers).not.toContain(5000)
    })
  })
}
