import type { PrismaPg } from '@prisma/adapter-pg'

/** Prisma's adapter over one pool. */
export type PgAdapter = Awaited<ReturnType<PrismaPg['connect']>>
/** One transaction of it. */
export type PgTransaction = Awaited<ReturnType<PgAdapter['startTransaction']>>
