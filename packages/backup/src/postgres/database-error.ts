import { MiyabiError, safeCause } from '@miyabi/core'
import { BackupError } from '../errors/errors.js'

const LOCK_NOT_AVAILABLE = '55P03'

/** What PostgreSQL or the driver threw, as one of ours; one of ours as it is. */
export function toDatabaseError(error: unknown): unknown {
  if (error instanceof MiyabiError || !(error instanceof Error)) return error
  const sqlstate = sqlstateOf(error)
  const cause = safeCause(error)
  if (sqlstate === LOCK_NOT_AVAILABLE) {
    return new BackupError('backup.tables_locked', 'A table stayed locked: a migration is at work', {
      details: {},
      cause,
      remedy: 'run it when the migration has ended',
    })
  }
  const reason =
    sqlstate === undefined ? 'The connection to PostgreSQL was lost' : `PostgreSQL refused a statement (${sqlstate})`
  return new BackupError('backup.database_failed', `${reason}: ${cause.message}`, { details: { sqlstate }, cause })
}

/** The server's code of an error, where it is the server's. */
export function sqlstateOf(error: unknown): string | undefined {
  const { code, severity } = error as { readonly code?: unknown; readonly severity?: unknown }
  return typeof code === 'string' && severity !== undefined ? code : undefined
}
