import { sleep } from '@miyabi/core'
import type pg from 'pg'
import { PartitionError } from './errors.js'

/** Below the server's own wait before it looks for a deadlock, so that it is never a writer that has to give way. */
const LOCK_MS = 500
const PATIENCE_MS = 60_000
const PAUSE_MS = 250

const LOCK_NOT_AVAILABLE = '55P03'

/**
 * Takes a step that needs locks of a table in use: it waits for none of them longer than half a second, since everybody
 * else waits behind it, and is taken again for a minute.
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
    `A lock on ${table}, or on what it refers to, was not to be had for a minute`,
    {
      details: { table },
      remedy: 'run it again; a transaction that stays open long shows in pg_stat_activity',
      cause,
    },
  )
