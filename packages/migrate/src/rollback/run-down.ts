import pg from 'pg'
import { MigrationError } from '../errors/migration-error.js'
import { LOCK_NOT_AVAILABLE } from '../history/migration-lock.js'
import { applyLimits, scriptFault } from '../script/run-script.js'

/**
 * Runs a down file in the open transaction. A lock is waited for `lockTimeoutMs`, unless the file says otherwise; what
 * it sets for its session ends with it.
 * @throws {MigrationError} `migrate.down_failed`
 */
export async function runDown(client: pg.Client, name: string, down: string, lockTimeoutMs: number): Promise<void> {
  try {
    await client.query(`SET LOCAL lock_timeout = ${lockTimeoutMs}`)
    await applyLimits(client, down)
    await client.query(down)
    await client.query('SET CONSTRAINTS ALL IMMEDIATE') // what would be refused at COMMIT is refused now
  } catch (error) {
    throw error instanceof pg.DatabaseError ? downFailed(name, down, error) : error
  }
  await client.query(`RESET ROLE; RESET ALL; SET LOCAL lock_timeout = ${lockTimeoutMs}`)
}

function downFailed(migration: string, down: string, error: pg.DatabaseError): MigrationError<'migrate.down_failed'> {
  const { sqlstate, text } = scriptFault(error, down)
  const remedy =
    sqlstate === LOCK_NOT_AVAILABLE
      ? 'somebody holds a lock on a table that it changes, and it did not wait longer than its lock_timeout: try again, or look in pg_stat_activity for a transaction that has been open for long'
      : '`pnpm db:migrate verify` tries down files on databases of its own; where it passes, this database is not as its migrations would have it'
  return new MigrationError(
    'migrate.down_failed',
    `down.sql of ${migration} was refused, and nothing was changed.\n${text}`,
    {
      remedy,
      details: { migration, sqlstate },
    },
  )
}
