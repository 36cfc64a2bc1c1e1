import { PrismaPg } from '@prisma/adapter-pg'
import type { Postgres } from '../../src/index.js'
import { PrismaClient } from '../../src/schema/prisma.js'
import type { Call } from './calls.js'

type Delegates = Readonly<Record<string, Readonly<Record<string, (args: unknown) => Promise<unknown>>>>>

/** Makes a call on a client, or on that of a transaction. */
export function make({ model, action, args }: Call, client: object): Promise<unknown> {
  const delegate = (client as Delegates)[model.property]
  if (!delegate?.[action]) throw new Error(`no ${model.property}.${action}`)
  return delegate[action](args)
}

/** A client as Prisma's documentation makes it, as the service. */
export function stockClient(serviceUrl: string): PrismaClient {
  const adapter = new PrismaPg({
    connectionString: serviceUrl,
    options: '-c role=miyabi_service -c TimeZone=UTC',
    max: 2,
  })
  return new PrismaClient({ adapter, errorFormat: 'minimal' })
}

/** How many calls of a client went the compiled way, and how many Prisma's, since the last time that it was asked. */
export class WayCounter {
  readonly #postgres: Postgres
  #last = { hits: 0, misses: 0, byPrisma: 0 }

  constructor(postgres: Postgres) {
    this.#postgres = postgres
  }

  since(): { readonly hits: number; readonly misses: number; readonly byPrisma: number } {
    const { hits, misses, byPrisma } = this.#postgres.stats().compiledQueries
    const now = { hits, misses, byPrisma: byPrisma.reduce((sum, { count }) => sum + count, 0) }
    const before = this.#last
    this.#last = now
    return {
      hits: now.hits - before.hits,
      misses: now.misses - before.misses,
      byPrisma: now.byPrisma - before.byPrisma,
    }
  }
}
