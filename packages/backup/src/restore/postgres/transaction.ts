import pg from 'pg'
import { BackupError } from '../../errors/errors.js'

/**
 * Runs `work` in one transaction: all of it, or nothing.
 * @throws {BackupError} `backup.database_refused` with the server's words, `backup.outcome_unknown` where the
 *   connection was lost in the moment of COMMIT.
 */
export async function inTransaction<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN')
  let isCommitting = false
  try {
    const result = await work()
    isCommitting = true
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    if (error instanceof pg.DatabaseError) throw refused(error)
    if (!isCommitting) throw error
    throw new BackupError(
      'backup.outcome_unknown',
      'The connection was lost in the moment of COMMIT: everything was restored, or nothing',
      { details: {}, cause: error, effect: 'unknown', remedy: 'run it again: it tells which' },
    )
  }
}

/** Class 22 is about a value, and quotes it. */
function refused(error: pg.DatabaseError): BackupError<'backup.database_refused'> {
  const isOfValue = error.code?.startsWith('22') === true
  const words = isOfValue ? error.message.replace(/: ".*"$/s, '') : error.message
  return new BackupError('backup.database_refused', `PostgreSQL refused it, and nothing was changed there: ${words}`, {
    details: { sqlstate: error.code ?? '', table: error.table },
    ...(!isOfValue && { cause: error }),
    remedy: 'mend what the server names, and run it again',
  })
}
