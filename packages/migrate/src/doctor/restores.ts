import type { DatabaseCheck } from './check.js'

/** A store that was restored from a backup, and on which relays and stream consumers still wait. */
export const restoresCheck: DatabaseCheck = {
  name: 'restores',
  looksFor: 'a restore that has not been resumed',
  async run(client) {
    const { rows: found } = await client.query<{ exists: boolean }>(
      `SELECT to_regclass('restores') IS NOT NULL AS exists`,
    )
    if (!found[0]?.exists) return []
    const { rows } = await client.query<{ backup: string; at: Date }>(
      'SELECT backup_id AS backup, restored_at AS at FROM restores WHERE resumed_at IS NULL ORDER BY restored_at',
    )
    return rows.map(({ backup, at }) => ({
      check: 'restores.not_resumed',
      object: backup,
      problem: `the store was restored from this backup at ${at.toISOString()}: no relay and no stream consumer works until it is resumed`,
      remedy: 'run `miyabi backup resume`',
    }))
  },
}
