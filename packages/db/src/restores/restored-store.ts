import { NotResumedError, type RestoreDetails } from '../errors/not-resumed-error.js'

/**
 * SQL that is false while the store was restored from a backup and has not been resumed: part of each statement that
 * takes a lease, so that processes already running take none either.
 */
export const IS_RESUMED = 'NOT EXISTS (SELECT FROM restores WHERE resumed_at IS NULL)'

/** Queries PostgreSQL as the service. */
interface Service {
  query(text: string): Promise<{ readonly rows: readonly RestoreDetails[] }>
}

/** What blocks relays and consumers; undefined if nothing does. */
export async function restoreToResume(service: Service): Promise<NotResumedError | undefined> {
  const { rows } = await service.query(
    'SELECT backup_id AS backup, restored_at AS "restoredAt" FROM restores WHERE resumed_at IS NULL ORDER BY restored_at DESC LIMIT 1',
  )
  return rows[0] && new NotResumedError(rows[0])
}
