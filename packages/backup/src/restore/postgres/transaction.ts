import pg from 'pg'
import { BackupError } from '../../errors/errors.js'

/** How long a lock on a table is waited for, in milliseconds. */
const LOCK_TIMEOUT_MS = 10_000

/** Limits under which a long transaction would end. */
const UNLIMITED = `SELECT set_config(name, '0', true) FROM pg_settings
  WHERE name IN ('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')`

/**
 * Runs `work` in one transaction without limits of time, in which values are written and read as backups have them.
 * @throws {BackupError} `backup.outcome_unknown` where the connection was lost in the moment of COMMIT.
 */
export async function inTransaction<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN')
  let isCommitting = false
  try {
    await client.query(UNLIMITED)
    await client.query(
      `SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}; SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL timezone = 'UTC'`,
    )
    const result = await work()
    isCommitting = true
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    if (!isCommitting || error instanceof pg.DatabaseError) throw error
    throw new BackupError(
      'backup.outcome_unknown',
      'The connection was lost in the moment of COMMIT: everything was restored, or nothing',
      { details: {}, cause: error, effect: 'unknown', remedy: 'run it again: it tells which' },
    )
  }
}
