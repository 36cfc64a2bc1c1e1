import type { Queries } from '@miyabi/postgres'

/** What waits in the outbox, for any relay. */
export interface Backlog {
  /** Rows that are due or have failed, up to the requested number. Delayed rows are excluded. */
  readonly waiting: number
  /** Relays that hold a partition, in any process. */
  readonly relays: number
}

/** A user that does not exist: rows opened to all users are open to this one. */
export const ANYBODY = { userId: '00000000-0000-0000-0000-000000000000' }

/** Counts rows of the outbox until there are `most` of them. Allowed for everyone; it reads at least that many rows. */
export async function readBacklog(asker: Pick<Queries, 'query'>, most: number): Promise<Backlog> {
  const { rows } = await asker.query<{ readonly waiting: number; readonly relays: number }>(
    'SELECT waiting, relays FROM outbox_backlog($1)',
    [most],
  )
  return rows[0] ?? { waiting: 0, relays: 0 }
}
