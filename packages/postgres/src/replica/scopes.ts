import type { Scope, Statement } from '../identity/scope.js'
import { lsnText } from '../position/position.js'

/** No statement behind it writes, wherever it runs. */
const READ_ONLY = `set_config('transaction_read_only', 'on', true)`

/** How the check below says why it fails. */
const REFUSAL = /"(behind|promoted) ([0-9A-F/]*)"/

/**
 * Fails where the server is no standby, or has not replayed the log up to the place in `parameter`: then the statement
 * behind it is skipped, and no row is read. As a cast, which needs no function of ours: what it cannot read says why.
 */
const check = (parameter: string): string =>
  `CASE WHEN pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= ${parameter}::pg_lsn THEN NULL
    ELSE (CASE WHEN pg_is_in_recovery() THEN 'behind ' ELSE 'promoted ' END || coalesce(pg_last_wal_replay_lsn()::text, ''))::pg_lsn END`

/** What is told on a replica, by what tells who asks: made once a kind of asker, and not once a read. */
const textsOnReplicas = new Map<string, string>()

/** The scope of a read on a replica that is to hold all up to `lsn`: checked in front of it, in its round trip. */
export function onReplica(of: Scope, lsn: bigint): Scope {
  const { name, text: own, values } = of.statement
  let text = textsOnReplicas.get(own)
  if (text === undefined) {
    text = `${own}, ${READ_ONLY}, ${check(`$${values.length + 1}`)}`
    textsOnReplicas.set(own, text)
  }
  const statement: Statement = { name: `${name}_replica`, text, values: [...values, lsnText(lsn)] }
  return { ...of, statement, answers: { count: 0, written: 0 } }
}

/** The scope of a read on the primary that could as well have been one on a replica. */
export function onPrimary(of: Scope): Scope {
  const { name, text, values } = of.statement
  return { ...of, statement: { name: `${name}_read`, text: `${text}, ${READ_ONLY}`, values } }
}

/** Why the check failed, and how far the server had come; undefined for any other failure. */
export function refusalIn(error: unknown): { readonly is: 'behind' | 'promoted' } | undefined {
  const { code, message = '', inScope } = Object(error) as { code?: unknown; message?: string; inScope?: unknown }
  if (code !== '22P02' || inScope === true) return undefined
  const [, is] = REFUSAL.exec(message) ?? []
  return is === 'behind' || is === 'promoted' ? { is } : undefined
}
