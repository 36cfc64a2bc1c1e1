import type { Postgres } from '@miyabi/postgres'
import { plugins } from './plugins.js'

/** A name that belongs to nobody (RFC 2606): whoever runs this gives the account an address of their own. */
const admin = { email: 'admin@miyabi.example', name: 'Miyabi', role: 'admin' } as const

/** How many rows were not there before. */
export interface Seeded {
  readonly users: number
  readonly plugins: number
}

/**
 * Adds the admin and the project's own plugins where they are missing, in one transaction. What is there stays as it
 * is, edited or not: a price that somebody changed is not changed back.
 */
export async function seed(postgres: Postgres): Promise<Seeded> {
  return postgres.transaction(async (tx) => {
    const users = await tx.user.createMany({ data: [admin], skipDuplicates: true })
    const { id: authorId } = await tx.user.findUniqueOrThrow({ where: { email: admin.email }, select: { id: true } })
    const added = await tx.plugin.createMany({
      data: plugins.map((plugin) => ({ ...plugin, authorId })),
      skipDuplicates: true,
    })
    return { users: users.count, plugins: added.count }
  })
}
