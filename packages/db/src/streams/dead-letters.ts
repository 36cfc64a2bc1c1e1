import type { Queries } from '@miyabi/postgres'

type Service = Pick<Queries, 'query'>

/** A record of a stream that its consumer could not handle. The record is omitted: it may hold anything. */
export interface StreamDeadLetter {
  readonly id: string
  readonly consumer: string
  readonly shard: string
  readonly sequence: string
  /** The error: its code, or its name. */
  readonly code: string
  readonly message: string
  readonly diedAt: Date
  /** When a retry was requested. */
  readonly retryAt: Date | null
}

/** Returns the dead letters of the stream consumers, the newest first. @param limit 1 to 1,000. */
export async function streamDeadLetters(service: Service, limit = 100): Promise<readonly StreamDeadLetter[]> {
  const { rows } = await service.query<StreamDeadLetter>(
    `SELECT id::text, consumer, shard, sequence, code, message, created_at AS "diedAt", retry_at AS "retryAt"
       FROM stream_dead ORDER BY created_at DESC, id DESC LIMIT $1`,
    [limit],
  )
  return rows
}

/**
 * Requests that the consumers of dead letters handle them again: a process that runs the consumer does so within
 * seconds.
 * @param ids of dead letters; `all` for every one.
 * @returns how many.
 */
export async function retryStreamDeadLetters(service: Service, ids: readonly string[] | 'all'): Promise<number> {
  const { rowCount } = await service.query(
    `UPDATE stream_dead SET retry_at = coalesce(retry_at, current_instant()) WHERE $1::uuid[] IS NULL OR id = ANY ($1::uuid[])`,
    [ids === 'all' ? null : ids],
  )
  return rowCount ?? 0
}

/**
 * Permanently deletes dead letters.
 * @param ids of dead letters; `all` for every one.
 * @returns how many.
 */
export async function discardStreamDeadLetters(service: Service, ids: readonly string[] | 'all'): Promise<number> {
  const { rowCount } = await service.query(
    'DELETE FROM stream_dead WHERE $1::uuid[] IS NULL OR id = ANY ($1::uuid[])',
    [ids === 'all' ? null : ids],
  )
  return rowCount ?? 0
}
