import type { ResolvedSettings } from '../settings/resolve.js'
import { onOwnConnection } from './own-connection.js'

/** States of a session that owes its client nothing. */
const DONE = /^idle/

/**
 * Returns which of these sessions of the same login are working, as reported by the server over a separate connection.
 * Behind a pooler, which numbers sessions itself, all of them, if there is any answer.
 * @throws {PostgresError} if there is no answer within a second.
 */
export async function sessionsAtWork(
  settings: ResolvedSettings,
  serverPids: readonly number[],
): Promise<ReadonlySet<number>> {
  const rows = await onOwnConnection(settings, undefined, (ask) =>
    ask<{ pid: number; state: string | null }>('SELECT pid, state FROM pg_stat_activity WHERE pid = ANY($1)', [
      serverPids,
    ]),
  )
  if (settings.pooler !== 'none') return new Set(serverPids)
  return new Set(rows.flatMap(({ pid, state }) => (DONE.test(state ?? '') ? [] : [pid])))
}
