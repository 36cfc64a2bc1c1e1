import { readReplicas } from '@prisma/extension-read-replicas'
import { stockPrisma } from '../postgres/peers/prisma.js'
import { EVENT, type Reads } from './reads.js'

/** The parts of Prisma's client that are used. */
export interface PrismaWithReplicas extends Reads {
  rename(id: string, name: string): Promise<unknown>
  close(): Promise<void>
}

/** Prisma with its extension for read replicas, as the extension's documentation sets it up. */
export function prismaWithReplicas(databaseUrl: string, replicaUrl: string): PrismaWithReplicas {
  const prisma = stockPrisma(databaseUrl).$extends(readReplicas({ replicas: [stockPrisma(replicaUrl)] }))
  return {
    event: (id) => prisma.usageEvent.findFirst({ where: { id }, select: EVENT }),
    name: async (id) => (await prisma.user.findUniqueOrThrow({ where: { id }, select: { name: true } })).name,
    rename: (id, name) => prisma.user.update({ where: { id }, data: { name }, select: { id: true } }),
    close: () => prisma.$disconnect(),
  }
}
