import type { Queries } from '@miyabi/postgres'

/** What waits in the outbox, whoever works on it. */
export interface Backlog {
  /** Rows that are due or have failed, up to what was asked for. Rows for later are not meant. */
  readonly waiting: number
  /** Relays that hold a partition, in any process. */
  readonly relays: number
}

/** A person whom nobody is: what is told to all people is told to this one. */
export const ANYBODY = { userId: '00000000-0000-0000-0000-000000000000' }

/** Counts rows of the outbox until there are `most` of them. Anybody may ask; it reads so many rows at least. */
export async function readBacklog(asker: Pick<Queries, 'query'>, most: number): Promise<Backlog> {
  const { rows } = await asker.query<{ readonly waiting: number; readonly relays: number }>(
    'SELECT waiting, relays FROM outbox_backlog($1)',
    [most],
  )
  return rows[0] ?? { waiting: 0, relays: 0 }
}
