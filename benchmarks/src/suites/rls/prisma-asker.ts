import type { Prisma, PrismaClient } from '@miyabi/postgres'
import { type Asker, pluginDataOf } from './asker.js'

type RunTransaction = <T>(work: (transaction: Prisma.TransactionClient) => Promise<T>) => Promise<T>

/** The Prisma API, of whatever client gives a user their rows. */
export function prismaAsker(name: string, prisma: PrismaClient, userId: string, transaction: RunTransaction): Asker {
  const submission = (turn: number) => ({ data: { userId, pluginData: pluginDataOf(turn) } })
  return {
    name,
    findEvent: (id) =>
      prisma.usageEvent.findFirst({
        where: { id },
        select: { id: true, userId: true, pluginId: true, eventType: true, createdAt: true },
      }),
    pageOfEvents: () =>
      prisma.usageEvent.findMany({
        where: { userId },
        select: { id: true, eventType: true, plugin: { select: { id: true, displayName: true } } },
        orderBy: [{ createdAt: 'desc' }, { id: 'asc' }],
        take: 20,
      }),
    submit: (turn) =>
      prisma.pluginSubmission.create({
        ...submission(turn),
        select: { id: true, userId: true, pluginData: true, status: true },
      }),
    submitAndRename: (turn) =>
      transaction(async (tx) => {
        await tx.pluginSubmission.create(submission(turn))
        await tx.user.updateMany({ where: { id: userId }, data: { name: `name ${turn}` } })
        return tx.user.findUnique({ where: { id: userId }, select: { id: true, name: true } })
      }),
  }
}

/**
 * Row-level security as Prisma documents it: a client extension that puts each query into a batch behind the settings.
 */
export function documentedExtension(prisma: PrismaClient, userId: string): PrismaClient {
  const setIdentity = (client: Pick<PrismaClient, '$executeRaw'>) =>
    client.$executeRaw`SELECT set_config('role', 'miyabi_user', true), set_config('miyabi.user_id', ${userId}, true)`
  return prisma.$extends({
    query: {
      $allModels: {
        async $allOperations({ args, query }) {
          const [, result] = await prisma.$transaction([
            setIdentity(prisma),
            query(args) as Prisma.PrismaPromise<unknown>,
          ])
          return result
        },
      },
    },
  }) as unknown as PrismaClient
}
