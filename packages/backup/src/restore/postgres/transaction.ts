import { safeCause } from '@miyabi/core'
import type pg from 'pg'
import { BackupError } from '../../errors/errors.js'
import { sqlstateOf, toServerError } from '../../postgres/database-error.js'

/**
 * Runs `work` in one transaction.
 * @throws {BackupError} `backup.database_refused` with the server's message, `backup.database_failed`,
 * `backup.tables_locked`; `backup.outcome_unknown` if the connection was lost during COMMIT.
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
    if (!isCommitting || isRefusal(error)) throw toServerError(error)
    throw new BackupError(
      'backup.outcome_unknown',
      'The connection was lost during COMMIT: either everything was restored, or nothing',
      { details: {}, cause: safeCause(error), effect: 'unknown', remedy: 'run it again: it reports which' },
    )
  }
}

/** Class 57 ends the connection, also after the transaction was committed. */
const isRefusal = (error: unknown): boolean => sqlstateOf(error)?.startsWith('57') === false
