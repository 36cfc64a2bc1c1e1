import type { Postgres } from '@miyabi/postgres'
import { plugins } from './plugins.js'

/** An address in a reserved domain (RFC 2606): the user replaces it with their own. */
const admin = { email: 'admin@miyabi.example', name: 'Miyabi', role: 'admin' } as const

/** The number of rows added. */
export interface Seeded {
  readonly users: number
  readonly plugins: number
}

/**
 * Adds the admin and the project's own plugins if they are missing, in one transaction. Existing rows stay unchanged,
 * edited or not: a price that was edited is not reset.
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
