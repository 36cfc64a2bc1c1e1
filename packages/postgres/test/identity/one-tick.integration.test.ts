import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import { PLUGIN, usePeople } from './people.js'
import { onEachServer } from './servers.js'

/**
 * Prisma answers `findUnique` calls of one tick with one query. Here they are those of several people, again and again.
 */
const ROUNDS = 20

onEachServer((open) => {
  const bench = usePeople(open)
  const scopes = () => {
    const { postgres, alice, bob } = bench
    return { a: postgres.as({ userId: alice.userId }), b: postgres.as({ userId: bob.userId }) }
  }

  describe('two people in one tick', () => {
    it('each get their own row by findUnique, and nothing of the other', async () => {
      const { alice, bob } = bench
      for (let round = 0; round < ROUNDS; round += 1) {
        const { a, b } = scopes()
        const find = ({ prisma }: typeof a, id: string) => prisma.subscription.findUnique({ where: { id } })
        const found = await Promise.all([
          find(a, alice.subscriptionId),
          find(b, alice.subscriptionId),
          find(b, bob.subscriptionId),
          find(a, bob.subscriptionId),
          find(a, alice.subscriptionId),
        ])
        expect(found.map((row) => row?.licenseKey)).toEqual([
          'key-of-alice',
          undefined,
          'key-of-bob',
          undefined,
          'key-of-alice',
        ])
      }
    })

    it('by findUniqueOrThrow, by compound keys and through relations', async () => {
      const { alice, bob } = bench
      for (let round = 0; round < ROUNDS; round += 1) {
        const { a, b } = scopes()
        const orThrow = ({ prisma }: typeof a, id: string) =>
          prisma.subscription.findUniqueOrThrow({ where: { id } }).then(
            (row) => row.licenseKey,
            (error: { readonly code: string }) => error.code,
          )
        const byBoth = ({ prisma }: typeof a, userId: string) =>
          prisma.subscription
            .findUnique({ where: { userId_pluginId: { userId, pluginId: PLUGIN } } })
            .then((row) => row?.licenseKey)
        const fluent = ({ prisma }: typeof a, id: string) =>
          prisma.user
            .findUnique({ where: { id } })
            .subscriptions()
            .then((rows) => rows?.map((row) => row.licenseKey))
        const [alicesId, bobsId] = [alice.userId, bob.userId]
        expect(
          await Promise.all([
            orThrow(a, alice.subscriptionId),
            orThrow(b, alice.subscriptionId),
            orThrow(b, bob.subscriptionId),
            byBoth(a, alicesId),
            byBoth(b, alicesId),
            byBoth(b, bobsId),
            byBoth(a, bobsId),
            fluent(a, alicesId),
            fluent(b, alicesId),
            fluent(b, bobsId),
            fluent(a, bobsId),
          ]),
        ).toEqual([
          'key-of-alice',
          'P2025',
          'key-of-bob',
          'key-of-alice',
          undefined,
          'key-of-bob',
          undefined,
          ['key-of-alice'],
          undefined,
          ['key-of-bob'],
          undefined,
        ])
      }
    })

    it('of both kinds, the service and nobody at all among them', async () => {
      const { postgres, service, alice, anna, ben } = bench
      const find = (prisma: typeof postgres.prisma, id: string) =>
        prisma.repository.findUnique({ where: { id } }).then(
          (row) => row?.owner,
          (error: { readonly code: string }) => error.code,
        )
      for (let round = 0; round < ROUNDS; round += 1) {
        const [a, b] = [anna, ben].map(({ webUserId }) => postgres.as({ webUserId }).prisma)
        if (!a || !b) throw new Error('two')
        const user = postgres.as({ userId: alice.userId }).prisma
        const id = anna.repositoryId
        expect(
          await Promise.all([
            find(a, id),
            find(b, id),
            find(postgres.prisma, id),
            find(service.prisma, id),
            find(user, id),
            find(b, ben.repositoryId),
          ]),
        ).toEqual(['anna', undefined, 'postgres.identity.missing', 'anna', 'P2039', 'ben'])
      }
    })
  })

  describe('a promise is that of who made it', () => {
    it('wherever it is awaited', async () => {
      const { alice, bob } = bench
      const { a, b } = scopes()
      // Prisma asks only when it is awaited: here while somebody else's call is under way, and inside their
      // transaction.
      const lazy = () => a.prisma.subscription.findUnique({ where: { id: alice.subscriptionId } })
      const [first, second, third] = [lazy(), lazy(), lazy()]
      const inTransaction = b.transaction(async (tx) => [
        await tx.subscription.findMany(),
        [await first],
        await a.prisma.subscription.findMany(),
        await tx.subscription.findMany(),
      ])
      const keys = (await inTransaction).map((rows) => rows.map((row) => row?.licenseKey))
      expect(keys).toEqual([['key-of-bob'], ['key-of-alice'], ['key-of-alice'], ['key-of-bob']])
      const extended = b.prisma.$extends({
        query: {
          subscription: {
            findMany: async ({ args, query }) => {
              expect((await second)?.licenseKey).toBe('key-of-alice')
              return query(args)
            },
          },
        },
      })
      expect((await extended.subscription.findMany()).map((row) => row.userId)).toEqual([bob.userId])
      const [one, other] = await Promise.all([b.prisma.subscription.findFirst(), third])
      expect([one?.licenseKey, other?.licenseKey]).toEqual(['key-of-bob', 'key-of-alice'])
    })

    it('also where an extension asks from the context of another call', async () => {
      const { a, b } = scopes()
      // As a queue without AsyncResource does: what waits is begun by whoever ends before it.
      const waiting: (() => void)[] = []
      const inTurn = <T>(work: () => Promise<T>): Promise<T> =>
        new Promise((resolve, reject) => {
          waiting.push(() => work().then(resolve, reject))
        })
      const [queuedA, queuedB] = [a, b].map(({ prisma }) =>
        prisma.$extends({
          query: { subscription: { findMany: ({ args, query }) => inTurn(async () => query(args)) } },
        }),
      )
      const asked = [queuedA?.subscription.findMany(), queuedB?.subscription.findMany()].map((each) =>
        each?.then((rows) => rows.map((row) => row.licenseKey)),
      )
      while (waiting.length < 2) await new Promise(setImmediate)
      const strange = new AsyncLocalStorage<string>()
      strange.run('of nobody', () =>
        new AsyncResource('queue').runInAsyncScope(() => waiting.reverse().map((go) => go())),
      )
      expect(await Promise.all(asked)).toEqual([['key-of-alice'], ['key-of-bob']])
    })

    it('and who has none stays without, inside the work of somebody who has', async () => {
      const { postgres } = bench
      const { a } = scopes()
      const inside = a.transaction(async (tx) => {
        await tx.user.findFirst()
        return postgres.prisma.user.findMany().catch((error: { readonly code: string }) => error.code)
      })
      expect(await inside).toBe('postgres.identity.missing')
      const read = a.read(async (prisma) => {
        const [own, none] = await Promise.allSettled([prisma.user.count(), postgres.prisma.user.count()])
        return [own.status, none.status]
      })
      expect(await read).toEqual(['fulfilled', 'rejected'])
    })

    it('nor does what the pool calls while somebody is being served', async () => {
      const { postgres } = bench
      const { a } = scopes()
      const asked: Promise<unknown>[] = []
      const stop = postgres.pool.observe(({ name }) => {
        if (name !== 'acquired' || asked.length > 0) return
        asked.push(
          postgres.prisma.user.findMany().catch((error: { readonly code: string }) => error.code),
          postgres.transaction((tx) => tx.user.findMany()).catch((error: { readonly code: string }) => error.code),
        )
      })
      await a.prisma.user.findFirst()
      stop()
      expect(await Promise.all(asked)).toEqual(['postgres.identity.missing', 'postgres.identity.missing'])
    })
  })
})
