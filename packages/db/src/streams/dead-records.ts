import type { Queries, TransactionRun } from '@miyabi/postgres'

type Service = Pick<Queries, 'query'>
type Query = TransactionRun['query']

/** A record to pass to its consumer again. */
interface AskedRecord {
  readonly id: string
  readonly text: string
}

/** Whether a retry of a consumer's dead letters was requested. */
export async function isRetryAsked({ query }: Service, consumer: string): Promise<boolean> {
  const { rows } = await query<{ readonly asked: boolean }>(
    'SELECT EXISTS (SELECT FROM stream_dead WHERE consumer = $1 AND retry_at IS NOT NULL) AS asked',
    [consumer],
  )
  return rows[0]?.asked === true
}

/**
 * The next of them, in the order in which they failed: for one item that is the order of its changes. They are locked
 * for this transaction, and so is the consumer's turn, in any process; none if another process has it.
 */
export async function takeAsked(query: Query, consumer: string, most: number): Promise<readonly AskedRecord[]> {
  const { rows: turn } = await query<{ readonly is_ours: boolean }>(
    'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 7214)) AS is_ours',
    [consumer],
  )
  if (turn[0]?.is_ours !== true) return []
  const { rows } = await query<AskedRecord>(
    `SELECT id::text AS id, record::text AS text FROM stream_dead WHERE consumer = $1 AND retry_at IS NOT NULL
      ORDER BY created_at, length(sequence), sequence LIMIT $2 FOR UPDATE`,
    [consumer, most],
  )
  return rows
}

/** It was handled. */
export async function removeDead(query: Query, id: string): Promise<void> {
  await query('DELETE FROM stream_dead WHERE id = $1', [id])
}

/** It failed again. */
export async function keepDead(
  query: Query,
  id: string,
  { code, message }: { readonly code: string; readonly message: string },
): Promise<void> {
  await query('UPDATE stream_dead SET retry_at = NULL, code = $2, message = $3 WHERE id = $1', [id, code, message])
}
