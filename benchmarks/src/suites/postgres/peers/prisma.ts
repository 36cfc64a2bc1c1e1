import { type Prisma, PrismaClient } from '@miyabi/postgres'
import { PrismaPg } from '@prisma/adapter-pg'
import type { PostgresPeer } from './peer.js'

/** Prisma as its documentation sets it up: the adapter with a connection string, everything else by default. */
export function stockPrisma(databaseUrl: string): PrismaClient {
  return new PrismaClient({ adapter: new PrismaPg({ connectionString: databaseUrl }) })
}

type RunTransaction = <T>(work: (transaction: Prisma.TransactionClient) => Promise<T>) => Promise<T>

/** The Prisma API, of the stock client and of ours. */
export function prismaPeer(
  name: string,
  prisma: PrismaClient,
  transaction: RunTransaction = (work) => prisma.$transaction(work),
): PostgresPeer {
  return {
    name,
    findPlugin: (id) => prisma.plugin.findUnique({ where: { id } }),
    findPluginWithRelations: (id) =>
      prisma.plugin.findUnique({ where: { id }, include: { author: true, reviews: { orderBy: { id: 'asc' } } } }),
    insertLog: (log) => prisma.log.create({ data: log }),
    insertLogs: async (logs) => (await prisma.log.createMany({ data: [...logs] })).count,
    recordUsage: ({ userId, pluginId }) =>
      transaction(async (tx) => {
        await tx.usageEvent.create({ data: { userId, pluginId, eventType: 'command_used' } })
        await tx.plugin.updateMany({ where: { id: pluginId }, data: { downloads: { increment: 1 } } })
        return tx.plugin.findUnique({ where: { id: pluginId }, select: { id: true, displayName: true } })
      }),
    pageOfUsage: (afterId, limit) =>
      prisma.usageEvent.findMany({ where: { id: { gt: afterId } }, orderBy: { id: 'asc' }, take: limit }),
  }
}
