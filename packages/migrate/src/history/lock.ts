import type pg from 'pg'
import { MigrationError } from '../migration-error.js'

/** The number under which Prisma's engine keeps two deploys apart. */
const PRISMA_LOCK = 72707369

/** SQLSTATE of a lock that was not to be had in time. */
export const LOCK_NOT_AVAILABLE = '55P03'

/**
 * Takes Prisma's advisory lock for the rest of the session, so that no deploy and no other rollback is at work meanwhile.
 * @throws {MigrationError} `migrate.busy` when it is not to be had within `timeoutMs`.
 */
export async function takeMigrationLock(client: pg.Client, timeoutMs: number): Promise<void> {
  try {
    await client.query(`SET lock_timeout = ${timeoutMs}; SELECT pg_advisory_lock(${PRISMA_LOCK})`)
    await client.query('RESET lock_timeout')
  } catch (error) {
    if ((error as pg.DatabaseError).code !== LOCK_NOT_AVAILABLE) throw error
    throw new MigrationError(
      'migrate.busy',
      `Another deploy or rollback is at work on this database, and was not done within ${timeoutMs / 1000} s. Nothing was changed. Try again when it has ended; \`pnpm db:migrate status\` tells.`,
      { details: { waitedMs: timeoutMs } },
    )
  }
}

/** Whether somebody holds the lock at this moment. */
export async function isMigrationLockHeld(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ held: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = 0 AND objid = $1
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS held`,
    [PRISMA_LOCK],
  )
  return rows[0]?.held ?? false
}
