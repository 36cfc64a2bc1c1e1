import { sleep } from '@miyabi/core'
import type pg from 'pg'
import { PartitionError } from './errors.js'

/** Below the server's own wait before it checks for a deadlock, so that a writer never has to give way. */
const LOCK_MS = 500
const PATIENCE_MS = 60_000
const PAUSE_MS = 250

const LOCK_NOT_AVAILABLE = '55P03'

/**
 * Runs a step that needs locks of a table in use: it waits at most half a second for any of them, since all others wait
 * behind it, and is retried for a minute.
 *
 * @throws {PartitionError} `migrate.partitions.blocked`
 */
export async function withLocks<T>(
  client: pg.ClientBase,
  table: string,
  step: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const start = performance.now()
  for (;;) {
    signal?.throwIfAborted()
    try {
      await client.query(`SET lock_timeout = ${LOCK_MS}`)
      return await step()
    } catch (error) {
      if ((error as pg.DatabaseError).code !== LOCK_NOT_AVAILABLE) throw error
      if (performance.now() - start > PATIENCE_MS) throw blocked(table, error)
    }
    await sleep(PAUSE_MS * (1 + Math.random()), signal)
  }
}

const blocked = (table: string, cause: unknown): PartitionError =>
  new PartitionError(
    'migrate.partitions.blocked',
    `A lock on ${table}, or on a table that it refers to, was not available for a minute`,
    {
      details: { table },
      remedy: 'run it again; check pg_stat_activity for a long-running transaction',
      cause,
    },
  )
