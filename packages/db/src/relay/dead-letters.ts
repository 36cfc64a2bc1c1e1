import type { Queries } from '@miyabi/postgres'

type Service = Pick<Queries, 'query'>

/** The current state of the outbox. */
export interface OutboxStatus {
  /** Rows that wait. */
  readonly depth: number
  /** Those of them that are delayed, and have not been attempted. */
  readonly later: number
  /** How long the oldest row without an attempt has been due, in milliseconds; 0 if there is none. */
  readonly lagMs: number
  /** Rows that have failed, and will be attempted again. */
  readonly failing: number
  /** Rows that no attempt delivered. */
  readonly dead: number
  /** Relays that hold a partition. */
  readonly relays: number
  /** Partitions that no relay holds, of sixteen. */
  readonly unheld: number
  readonly topics: readonly {
    readonly topic: string
    readonly version: number
    readonly depth: number
    readonly failing: number
  }[]
}

/** An effect that no attempt delivered. Its payload is omitted: it may hold anything. */
export interface DeadLetter {
  readonly id: string
  /** Identifies it: one id may become a dead letter more than once. */
  readonly position: string
  readonly topic: string
  readonly version: number
  readonly key: string | null
  readonly actor: string
  readonly attempts: number
  readonly error: string | null
  readonly createdAt: Date
  readonly diedAt: Date
}

/** Counts the whole outbox: for occasional use by operators. */
export async function outboxStatus(service: Service): Promise<OutboxStatus> {
  const { rows: topics } = await service.query<
    OutboxStatus['topics'][number] & { readonly later: number; readonly due_ms: number | null }
  >(`
    SELECT topic, version, count(*)::int AS depth, (count(*) FILTER (WHERE attempts > 0))::int AS failing,
           (count(*) FILTER (WHERE attempts = 0 AND due_at > now()))::int AS later,
           (extract(epoch FROM max(clock_timestamp() - due_at) FILTER (WHERE attempts = 0 AND due_at <= now())) * 1000)::float8 AS due_ms
      FROM outbox GROUP BY topic, version ORDER BY topic, version`)
  const { rows } = await service.query<{ readonly dead: number; readonly relays: number; readonly held: number }>(`
    SELECT (SELECT count(*)::int FROM outbox_dead) AS dead,
           (count(DISTINCT holder) FILTER (WHERE held_until > now()))::int AS relays,
           (count(holder) FILTER (WHERE held_until > now()))::int AS held
      FROM outbox_partitions`)
  const [row] = rows
  return {
    depth: topics.reduce((sum, { depth }) => sum + depth, 0),
    later: topics.reduce((sum, { later }) => sum + later, 0),
    lagMs: Math.round(Math.max(0, ...topics.map(({ due_ms }) => due_ms ?? 0))),
    failing: topics.reduce((sum, { failing }) => sum + failing, 0),
    dead: row?.dead ?? 0,
    relays: row?.relays ?? 0,
    unheld: 16 - (row?.held ?? 0),
    topics: topics.map(({ topic, version, depth, failing }) => ({ topic, version, depth, failing })),
  }
}

/** Returns the dead letters, the newest first. @param limit 1 to 1,000. */
export async function deadLetters(service: Service, limit = 100): Promise<readonly DeadLetter[]> {
  const { rows } = await service.query<DeadLetter>(
    `SELECT id::text, position::text, topic, version, key, actor_kind || coalesce(' ' || actor::text, '') AS actor, attempts,
            last_error AS error, created_at AS "createdAt", died_at AS "diedAt"
       FROM outbox_dead ORDER BY died_at DESC, position DESC LIMIT $1`,
    [limit],
  )
  return rows
}

/**
 * Returns dead letters to the outbox, behind the current effects of their keys.
 * @param ids of effects; `all` for every one.
 * @returns how many.
 */
export async function retryDeadLetters(service: Service, ids: readonly string[] | 'all'): Promise<number> {
  const { rows } = await service.query<{ readonly count: number }>(
    `WITH gone AS (DELETE FROM outbox_dead WHERE $1::uuid[] IS NULL OR id = ANY ($1::uuid[]) RETURNING *),
     back AS (
       INSERT INTO outbox (id, key, topic, version, payload, actor_kind, actor, created_at)
       SELECT id, key, topic, version, payload, actor_kind, actor, created_at FROM gone ORDER BY position RETURNING 1)
     SELECT count(*)::int AS count FROM back`,
    [ids === 'all' ? null : ids],
  )
  return rows[0]?.count ?? 0
}

/**
 * Permanently deletes dead letters.
 * @param ids of effects; `all` for every one.
 * @returns how many.
 */
export async function discardDeadLetters(service: Service, ids: readonly string[] | 'all'): Promise<number> {
  const { rowCount } = await service.query(
    'DELETE FROM outbox_dead WHERE $1::uuid[] IS NULL OR id = ANY ($1::uuid[])',
    [ids === 'all' ? null : ids],
  )
  return rowCount ?? 0
}
