import type { ServiceQuery } from '../home.js'

/** Returns the ids of all relays that hold a partition of the outbox. */
export async function relayHolders(query: ServiceQuery): Promise<readonly string[]> {
  const rows = await query<{ readonly id: string }>(
    'SELECT DISTINCT holder::text AS id FROM outbox_partitions WHERE held_until > now() AND holder IS NOT NULL',
  )
  return rows.map(({ id }) => id)
}
