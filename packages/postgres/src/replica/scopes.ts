import type { Scope, Statement } from '../identity/scope.js'
import { lsnText } from '../position/position.js'

/** Prevents the statements after it from writing, wherever they run. */
const READ_ONLY = `set_config('transaction_read_only', 'on', true)`

/** The text that the check below fails with. */
const REFUSAL = /"miyabi_replica_behind:([tf])"/

/**
 * Fails if the server is not a standby, or has not replayed the log up to the position in `parameter`: the server then
 * skips the statement after it, and no row is read. A text that is cast to a position fails without a function of ours,
 * and its error shows the text. Kept small, because a server prepares every part of it for each read.
 *
 * A statement that passes cannot write: a transaction that starts in recovery is read-only to its end, even if the
 * server is promoted in the meantime.
 */
const check = (parameter: string): string =>
  `CASE WHEN pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= ${parameter}::pg_lsn THEN NULL
    ELSE concat('miyabi_replica_behind:', pg_is_in_recovery())::pg_lsn END`

/**
 * Name and text of the statement on a replica, by the text of the identity's own: created once per kind of identity.
 */
const onReplicas = new Map<string, Pick<Statement, 'name' | 'text'>>()

/** Its answers are not those of the primary, so they are not counted. */
const UNCOUNTED = { count: 0, written: 0 }

/**
 * The scope of a read on a replica that must have replayed everything up to `lsn`, which is checked in the same round
 * trip.
 */
export function onReplica(of: Scope, lsn: bigint): Scope {
  const { name, text, values } = of.statement
  let known = onReplicas.get(text)
  if (known === undefined) {
    known = { name: `${name}_replica`, text: `${text}, ${check(`$${values.length + 1}`)}` }
    onReplicas.set(text, known)
  }
  const statement: Statement = { name: known.name, text: known.text, values: [...values, lsnText(lsn)] }
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
