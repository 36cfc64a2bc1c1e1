import { MiyabiError, safeCause } from '@miyabi/core'
import { BackupError } from '../errors/errors.js'

const LOCK_NOT_AVAILABLE = '55P03'
/** Transient classes of SQLSTATE: connections, conflicts, resources, and operator interventions. */
const PASSING: ReadonlySet<string> = new Set(['08', '40', '53', '57'])

/** Maps errors of PostgreSQL or the driver to ours; ours stay unchanged. */
export function toDatabaseError(error: unknown): unknown {
  if (error instanceof MiyabiError || !(error instanceof Error)) return error
  const sqlstate = sqlstateOf(error)
  const cause = safeCause(error)
  if (sqlstate === LOCK_NOT_AVAILABLE) {
    return new BackupError('backup.tables_locked', 'A table stayed locked: a migration or another session holds it', {
      details: {},
      cause,
      remedy: 'retry when it has ended',
    })
  }
  if (sqlstate === undefined || PASSING.has(sqlstate.slice(0, 2))) {
    const reason =
      sqlstate === undefined ? 'The connection to PostgreSQL was lost' : `PostgreSQL ended the work (${sqlstate})`
    return new BackupError('backup.database_failed', `${reason}: ${cause.message}`, { details: { sqlstate }, cause })
  }
  // Class 22 is about a value, and quotes it.
  const isOfValue = sqlstate.startsWith('22')
  const words = isOfValue ? cause.message.replace(/: ".*"$/s, '') : cause.message
  return new BackupError('backup.database_refused', `PostgreSQL refused a statement (${sqlstate}): ${words}`, {
    details: { sqlstate, table: tableOf(error) },
    ...(!isOfValue && { cause }),
    remedy: 'fix what the server names, and run it again',
  })
}

/** The same for errors of the server; the effect of any other error of `work` is unknown. */
export const toServerError = (error: unknown): unknown =>
  sqlstateOf(error) === undefined ? error : toDatabaseError(error)

/** The server's code of an error, if it is the server's. */
export function sqlstateOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const { code, severity } = error as { readonly code?: unknown; readonly severity?: unknown }
  return typeof code === 'string' && severity !== undefined ? code : undefined
}

function tableOf(error: object): string | undefined {
  return 'table' in error && typeof error.table === 'string' ? error.table : undefined
}
