import pg from 'pg'
import { MigrationError } from '../errors/migration-error.js'
import { LOCK_NOT_AVAILABLE } from '../history/migration-lock.js'
import { applyLimits, scriptFault } from '../script/run-script.js'

/**
 * Runs a down file in the open transaction. It waits `lockTimeoutMs` for a lock, unless the file sets another limit;
 * its session settings end with it.
 * @throws {MigrationError} `migrate.down_failed`
 */
export async function runDown(client: pg.Client, name: string, down: string, lockTimeoutMs: number): Promise<void> {
  try {
    await client.query(`SET LOCAL lock_timeout = ${lockTimeoutMs}`)
    await applyLimits(client, down)
    await client.query(down)
    await client.query('SET CONSTRAINTS ALL IMMEDIATE') // errors that would occur at COMMIT occur now
  } catch (error) {
    throw error instanceof pg.DatabaseError ? downFailed(name, down, error) : error
  }
  await client.query(`RESET ROLE; RESET ALL; SET LOCAL lock_timeout = ${lockTimeoutMs}`)
}

function downFailed(migration: string, down: string, error: pg.DatabaseError): MigrationError<'migrate.down_failed'> {
  const { sqlstate, text } = scriptFault(error, down)
  const remedy =
    sqlstate === LOCK_NOT_AVAILABLE
      ? 'another session holds a lock on a table that it changes, and its lock_timeout expired: retry, or check pg_stat_activity for a long-running transaction'
      : 'run `pnpm db:migrate verify`, which tests down files on scratch databases; if it passes, this database differs from its migrations'
  return new MigrationError(
    'migrate.down_failed',
    `down.sql of ${migration} was refused, and nothing was changed.\n${text}`,
    {
      remedy,
      details: { migration, sqlstate },
    },
  )
}
