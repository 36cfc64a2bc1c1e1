import type { Scope, Statement } from '../identity/scope.js'
import { lsnText } from '../position/position.js'

/** Prevents the statements after it from writing, wherever they run. */
const READ_ONLY = `set_config('transaction_read_only', 'on', true)`

/** The text that the check below fails with. */
const REFUSAL = /"miyabi_replica_behind:([tf])"/

/** The conditions on a replica for a statement to run. */
export interface Wanted {
  /** It has replayed everything up to this position. */
  readonly lsn: bigint
  /** The time of its start; undefined if its connections guarantee it. */
  readonly startedAt: string | undefined
}

/**
 * Fails if the server is not a standby, has not replayed the log up to the position in a parameter, or was not started
 * when the next parameter says: the server then skips the statement after it, and no row is read. A text that is cast
 * to a position fails without a function of ours, and its error shows the text. Kept small, because a server prepares
 * every part of it for each read.
 *
 * A statement that passes cannot write: a transaction that starts in recovery is read-only to its end, even if the
 * server is promoted in the meantime.
 */
const check = (first: number, isPinned: boolean): string =>
  `CASE WHEN pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= $${first}::pg_lsn
      ${isPinned ? `AND pg_postmaster_start_time() = $${first + 1}::timestamptz ` : ''}THEN NULL
    ELSE concat('miyabi_replica_behind:', pg_is_in_recovery())::pg_lsn END`

/** The texts of statements on replicas, by the text of the identity's own: created once per kind of identity. */
const texts = { plain: new Map<string, string>(), pinned: new Map<string, string>() }

/** Its answers do not come from the primary, so they are not counted. */
const UNCOUNTED = { count: 0, written: 0 }

/** The scope of a read on a replica, which is checked in its round trip. */
export function onReplica(of: Scope, { lsn, startedAt }: Wanted): Scope {
  const { name, text: own, values } = of.statement
  const isPinned = startedAt !== undefined
  const known = isPinned ? texts.pinned : texts.plain
  let text = known.get(own)
  if (text === undefined) {
    text = `${own}, ${check(values.length + 1, isPinned)}`
    known.set(own, text)
  }
  const wanted = isPinned ? [lsnText(lsn), startedAt] : [lsnText(lsn)]
  const statement: Statement = { name: `${name}_replica`, text, values: [...values, ...wanted] }
  return { ...of, statement, answers: UNCOUNTED }
}

/** The scope of a read on the primary that is allowed on a replica too. */
export function onPrimary(of: Scope): Scope {
  const { name, text, values } = of.statement
  return { ...of, statement: { name: `${name}_read`, text: `${text}, ${READ_ONLY}`, values } }
}

/** Why the check failed; undefined for any other failure. */
export function refusalIn(error: unknown): 'behind' | 'promoted' | undefined {
  const { code, message = '', inScope } = Object(error) as { code?: unknown; message?: string; inScope?: unknown }
  if (code !== '22P02' || inScope === true) return undefined
  const [, inRecovery] = REFUSAL.exec(message) ?? []
  if (inRecovery === undefined) return undefined
  return inRecovery === 't' ? 'behind' : 'promoted'
}
