import type { ResolvedSettings } from '../settings/resolve.js'
import { onOwnConnection } from './own-connection.js'

/** States of a session that owes its client nothing. */
const DONE = /^idle/

/**
 * Which of these sessions of the same login are at work on something, as the server tells over a connection of its own.
 * Behind a pooler, which calls sessions by numbers of its own, all of them, if anybody answers.
 * @throws {PostgresError} where nobody answers within a second.
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
