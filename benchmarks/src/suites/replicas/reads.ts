import type { ReplicaClient } from '@miyabi/postgres'

/** The columns of a usage event that are read. */
export const EVENT = { id: true, userId: true, pluginId: true, eventType: true, createdAt: true } as const

/** The reads, from a replica or the primary. */
export interface Reads {
  /** A usage event by its key. */
  event(id: string): Promise<unknown>
  /** The name of a user. */
  name(id: string): Promise<string | null>
}

/** Returns these reads with one of our clients. */
export function readsOf({ usageEvent, user }: Pick<ReplicaClient, 'usageEvent' | 'user'>): Reads {
  return {
    event: (id) => usageEvent.findFirst({ where: { id }, select: EVENT }),
    name: async (id) => (await user.findUniqueOrThrow({ where: { id }, select: { name: true } })).name,
  }
}
