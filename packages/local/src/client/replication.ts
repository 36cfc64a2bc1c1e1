import type { StackDescriptor } from '@miyabi/core'
import type pg from 'pg'
import { slotName } from '../shared/slot-name.js'

/** How a standby follows its primary. */
export interface ReplicaProgress {
  /**
   * `startup`, `catchup`, `streaming`, `backup` and `stopping` are states of the primary's connection to it;
   * `disconnected`: there is none; `lost`: the primary no longer keeps the log it needs, and it is about to be rebuilt;
   * `unknown`: the primary did not answer.
   */
  readonly state: 'startup' | 'catchup' | 'streaming' | 'backup' | 'stopping' | 'disconnected' | 'lost' | 'unknown'
  /** The amount of the primary's log that it has not replayed, in bytes. */
  readonly behindBytes?: number
  /**
   * Time from the primary to replay of the latest part of the log; unset if there was none recently.
   */
  readonly lagMs?: number
}

interface Row {
  readonly state: ReplicaProgress['state']
  readonly behind: number | null
  readonly lag: number | null
}

const LIMIT_MS = 1_000

/** Queried by the names of slots, which end with the numbers of standbys. */
const PROGRESS = `
  SELECT CASE WHEN slot.wal_status = 'lost' THEN 'lost' ELSE coalesce(sender.state, 'disconnected') END AS state,
         pg_wal_lsn_diff(pg_current_wal_lsn(), sender.replay_lsn)::float8 AS behind,
         (extract(epoch FROM sender.replay_lag) * 1000)::float8 AS lag
  FROM unnest($1::text[]) WITH ORDINALITY AS wanted (name, position)
  LEFT JOIN pg_replication_slots AS slot ON slot.slot_name = wanted.name
  LEFT JOIN pg_stat_replication AS sender ON sender.pid = slot.active_pid
  ORDER BY wanted.position`

/** Queries the primary for the state of its standbys. The driver is loaded only if there are any. Never rejects. */
export async function replicationOf({
  directDatabaseUrl,
  replicas = [],
}: StackDescriptor['postgres']): Promise<readonly ReplicaProgress[]> {
  if (replicas.length === 0) return []
  try {
    const { default: driver } = await import('pg')
    const client = new driver.Client({
      connectionString: directDatabaseUrl,
      connectionTimeoutMillis: LIMIT_MS,
      query_timeout: LIMIT_MS,
    })
    client.on('error', () => {}) // the query fails with the same error
    return await answerOf(client, replicas.length)
  } catch {
    return replicas.map(() => ({ state: 'unknown' }))
  }
}

async function answerOf(client: pg.Client, count: number): Promise<ReplicaProgress[]> {
  await client.connect()
  try {
    const names = Array.from({ length: count }, (_, index) => slotName(index + 1))
    const { rows } = await client.query<Row>(PROGRESS, [names])
    return rows.map(({ state, behind, lag }) => ({
      state,
      ...(behind !== null && { behindBytes: Math.max(0, behind) }),
      ...(lag !== null && { lagMs: lag }),
    }))
  } finally {
    void client.end()
  }
}
