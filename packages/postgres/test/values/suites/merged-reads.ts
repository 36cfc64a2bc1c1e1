import { describe, expect, it } from 'vitest'
import type { Prisma } from '../../../src/index.js'
import type { IdentityBench } from '../../identity/people.js'
import { PLUGIN } from '../../identity/people.js'
import { failureOf, until } from '../../support.js'
import { answerOf, statementsOf } from '../observe.js'

/** What one tick asks, each to be answered as if it had been asked alone. */
export function mergedReads(bench: IdentityBench): void {
  describe('findUnique calls of one tick', () => {
    const prisma = () => bench.service.prisma
    const spellings = (id: string) => [id.toUpperCase(), `{${id}}`, id.replaceAll('-', ''), id]

    it('find their rows in every spelling that the server takes for a UUID', async () => {
      const { userId } = bench.alice
      const find = (id: string) => prisma().user.findUnique({ where: { id }, select: { id: true } })
      expect(await Promise.all(spellings(userId).map(find))).toEqual(spellings(userId).map(() => ({ id: userId })))
      const orThrow = (id: string) =>
        prisma()
          .user.findUniqueOrThrow({ where: { id } })
          .then((user) => user.id)
      expect(await Promise.all(spellings(userId).map(orThrow))).toEqual(spellings(userId).map(() => userId))
      const fluent = (id: string) => prisma().user.findUnique({ where: { id } }).subscriptions()
      const found = await Promise.all(spellings(userId).map(fluent))
      expect(found.map((subscriptions) => subscriptions?.length)).toEqual([1, 1, 1, 1])
      const compound = (id: string) =>
        prisma().subscription.findUnique({ where: { userId_pluginId: { userId: id, pluginId: PLUGIN } } })
      expect((await Promise.all(spellings(userId).map(compound))).map((row) => row?.userId)).toEqual(
        spellings(userId).map(() => userId),
      )
    })

    it('do so in scopes, in transactions and in $transaction([...])', async () => {
      const { alice, postgres } = bench
      const own = (client: Prisma.TransactionClient, id: string) => client.user.findUnique({ where: { id } })
      const ids = spellings(alice.userId)
      const expected = ids.map(() => alice.userId)
      const scoped = postgres.as({ userId: alice.userId })
      const inScope = await Promise.all(ids.map((id) => own(scoped.prisma, id)))
      const inTransaction = await scoped.transaction((tx) => Promise.all(ids.map((id) => own(tx, id))))
      const inArray = await prisma().$transaction(ids.map((id) => prisma().user.findUnique({ where: { id } })))
      for (const found of [inScope, inTransaction, inArray]) expect(found.map((user) => user?.id)).toEqual(expected)
    })

    it('are one statement', async () => {
      const { alice, bob } = bench
      const ids = [alice.userId, bob.userId.toUpperCase(), alice.userId]
      const find = (client: Prisma.TransactionClient, id: string) => client.user.findUnique({ where: { id } })
      const isRead = (text: string): boolean => text.includes('FROM "public"."users"')
      const alone = await statementsOf(() => Promise.all(ids.map((id) => find(prisma(), id))))
      expect(alone.filter(isRead)).toHaveLength(1)
      const inTransaction = await statementsOf(() =>
        bench.service.transaction((tx) => Promise.all(ids.map((id) => find(tx, id)))),
      )
      expect(inTransaction.filter(isRead)).toHaveLength(1)
    })

    it('do not fail over the malformed value of another', async () => {
      const { alice, anna } = bench
      const users = ['no uuid', '', '{', `${alice.userId}0`, 'a\0', alice.userId].map((id) =>
        answerOf(prisma().user.findUnique({ where: { id } })),
      )
      expect((await Promise.all(users)).map((answer) => answer.code ?? answer.value?.id)).toEqual([
        ...Array.from({ length: 5 }, () => 'postgres.invalid_value'),
        alice.userId,
      ])
      const plugins = ['a\0', PLUGIN].map((id) => answerOf(prisma().plugin.findUnique({ where: { id } })))
      expect((await Promise.all(plugins)).map((answer) => answer.code ?? answer.value?.id)).toEqual([
        'postgres.invalid_value',
        PLUGIN,
      ])
      const people = [2n ** 63n, 1.5, 1n].map((githubId) =>
        answerOf(prisma().webUser.findUnique({ where: { githubId } })),
      )
      expect((await Promise.all(people)).map((answer) => answer.code ?? answer.value?.id)).toEqual([
        'postgres.invalid_query',
        'postgres.invalid_query',
        anna.webUserId,
      ])
    })

    it('compare as the server does: e-mail in any case, a bigint in any form, more than the key', async () => {
      const { alice, anna } = bench
      const emails = ['ALICE@example.com', 'alice@EXAMPLE.com', 'nobody@example.com'].map((email) =>
        prisma().user.findUnique({ where: { email } }),
      )
      expect((await Promise.all(emails)).map((user) => user?.id)).toEqual([alice.userId, alice.userId, undefined])
      const people = [1n, 1].map((githubId) => prisma().webUser.findUnique({ where: { githubId } }))
      expect((await Promise.all(people)).map((person) => person?.id)).toEqual([anna.webUserId, anna.webUserId])
      const roles = (['user', 'admin'] as const).map((role) =>
        prisma().user.findUnique({ where: { id: alice.userId.toUpperCase(), role } }),
      )
      expect((await Promise.all(roles)).map((user) => user?.id)).toEqual([alice.userId, undefined])
    })

    it('start at a cursor in any spelling, also where Prisma looks for it among rows that it has read', async () => {
      const { subscriptionId, userId } = bench.alice
      for (const id of spellings(subscriptionId)) {
        const page = { cursor: { id }, orderBy: { id: 'asc' }, take: 1 } as const
        const found = [
          ...(await prisma().subscription.findMany(page)),
          ...(await prisma().subscription.findMany({ ...page, distinct: ['userId'] })),
          ...((await prisma().user.findUnique({ where: { id: userId }, include: { subscriptions: page } }))
            ?.subscriptions ?? []),
        ]
        expect(found.map((row) => row.id)).toEqual([subscriptionId, subscriptionId, subscriptionId])
      }
    })

    it('are not canceled with the read() of another', async () => {
      const { alice, bob, service } = bench
      const find = (client: Prisma.TransactionClient, id: string) => client.user.findUnique({ where: { id } })
      const controller = new AbortController()
      await bench.admin('BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE')
      const [left, stayed, plain] = [
        service.read((client) => find(client, alice.userId), { signal: controller.signal }),
        service.read((client) => find(client, bob.userId)),
        find(service.prisma, bob.userId).then((user) => user),
      ]
      const leaving = failureOf(left)
      const waiting = () =>
        bench.admin<{ count: number }>(
          `SELECT count(*)::int AS count FROM pg_locks WHERE NOT granted AND relation = 'users'::regclass`,
        )
      await until(waiting, ([row]) => row?.count === 3)
      controller.abort(new Error('gone'))
      expect(await leaving).toMatchObject({ message: 'gone' })
      await bench.admin('COMMIT')
      expect([(await stayed)?.id, (await plain)?.id]).toEqual([bob.userId, bob.userId])
    })

    it('get what each selected', async () => {
      const { alice } = bench
      const where = { id: alice.userId }
      const [withName, withoutName, one, none] = await Promise.all([
        prisma().user.findUnique({ where, select: { id: true, name: true } }),
        prisma().user.findUnique({ where, select: { id: true, name: false } }),
        prisma().user.findUnique({ where, include: { subscriptions: { take: 1 } } }),
        prisma().user.findUnique({ where, include: { subscriptions: { take: 0 } } }),
      ])
      expect([withName, withoutName]).toEqual([{ id: alice.userId, name: 'alice' }, { id: alice.userId }])
      expect([one?.subscriptions.length, none?.subscriptions.length]).toEqual([1, 0])
    })
  })

  describe('operations of one tick in a transaction', () => {
    it('are all done, whatever becomes of one that the server did not refuse', async () => {
      const { prisma } = bench.service
      const nobody = '00000000-0000-7000-8000-000000000000'
      const kinds = await bench.service.transaction(async (tx) => {
        const answers = await Promise.all([
          answerOf(tx.user.update({ where: { id: nobody }, data: { name: 'x' } })),
          answerOf(tx.user.create({ data: { email: 'beside@example.com' } })),
          // biome-ignore lint/suspicious/noExplicitAny: as one writes it without types
          answerOf(tx.user.findFirst({ where: { nothing: 1 } as any })),
          answerOf(tx.user.findUniqueOrThrow({ where: { id: nobody } })),
          answerOf(tx.user.count({ where: { email: 'beside@example.com' } })),
        ])
        return answers.map(({ code, value }) => code ?? typeof value)
      })
      expect(kinds).toEqual(['postgres.not_found', 'object', 'postgres.invalid_query', 'postgres.not_found', 'number'])
      expect(await prisma.user.count({ where: { email: 'beside@example.com' } })).toBe(1)
    })

    it('go to the driver one after another, so that it has nothing to warn of', async () => {
      const warnings: string[] = []
      const note = (warning: Error) => warnings.push(warning.message)
      process.on('warning', note)
      const relations = { subscriptions: true, licenses: true, trials: true, pluginReviews: true } as const
      await bench.service.transaction((tx, { query }) =>
        Promise.all([
          tx.user.findMany({ include: relations }),
          tx.user.count(),
          query('SELECT 1'),
          query('SELECT $1::int', [1]),
          tx.$queryRaw`SELECT 1`,
        ]),
      )
      const { prisma } = bench.service
      await prisma.$transaction((tx) => Promise.all([tx.user.findMany({ include: relations }), tx.user.count()]))
      await prisma.$transaction([prisma.user.findMany({ include: relations }), prisma.user.count()])
      await prisma.user.update({ where: { id: bench.bob.userId }, data: { name: 'bob' }, include: relations })
      await new Promise(setImmediate) // the process tells of a warning in its next turn
      process.off('warning', note)
      expect(warnings).toEqual([])
    })
  })
}
