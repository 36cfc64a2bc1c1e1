import { defined, sleep } from '@miyabi/core'
import type pg from 'pg'
import { MigrationError } from '../errors/migration-error.js'

/** The number with which Prisma's engine serializes two deploys. */
export const PRISMA_LOCK = 72707369

/** SQLSTATE of a lock that was not available in time. */
export const LOCK_NOT_AVAILABLE = '55P03'

const POLL_MS = 50

/**
 * Waits for Prisma's advisory lock, which is then held for the rest of the session. Polls: to the server, a session
 * that waits inside it is a transaction, for whose end CREATE INDEX CONCURRENTLY of the running deploy would wait in
 * turn, a deadlock.
 * @param goOn called before each attempt; false ends the wait.
 * @returns whether the lock is held.
 */
export async function waitForMigrationLock(client: pg.Client, goOn: () => boolean): Promise<boolean> {
  while (goOn()) {
    const { rows } = await client.query<{ held: boolean }>(`SELECT pg_try_advisory_lock(${PRISMA_LOCK}) AS held`)
    if (rows[0]?.held) return true
    await sleep(POLL_MS)
  }
  return false
}

/**
 * Takes Prisma's advisory lock for the rest of the session, so that no deploy and no other rollback runs meanwhile.
 * @throws {MigrationError} `migrate.busy` when it is not available within `timeoutMs`.
 */
export async function takeMigrationLock(client: pg.Client, timeoutMs: number): Promise<void> {
  const end = performance.now() + timeoutMs
  if (await waitForMigrationLock(client, () => performance.now() < end)) return
  const holder = await migrationLockHolder(client)
  throw new MigrationError(
    'migrate.busy',
    `Another deploy or rollback is running on this database, and did not finish within ${timeoutMs / 1000} s; nothing was changed`,
    { details: { waitedMs: timeoutMs, ...defined({ holder }) }, remedy: describeHolder(holder) },
  )
}

/**
 * A session that holds the lock. PostgreSQL lets every login that may connect take an advisory lock, so it is not
 * necessarily a migration's.
 */
export interface LockHolder {
  readonly pid: number
  readonly login: string
}

/** The session that currently holds the lock, if any. */
export async function migrationLockHolder(client: pg.ClientBase): Promise<LockHolder | undefined> {
  const { rows } = await client.query<LockHolder>(
    `SELECT l.pid, coalesce(a.usename::text, 'a login that is gone') AS login
     FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
     WHERE locktype = 'advisory' AND granted AND classid = 0 AND objid = $1
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    [PRISMA_LOCK],
  )
  return rows[0]
}

/** Who is waited for, and what to do if it is not a migration. */
export function describeHolder(holder: LockHolder | undefined): string {
  if (!holder) return 'it has ended meanwhile: retry'
  const { pid, login } = holder
  return (
    `session ${pid} of the login ${login} holds the lock: retry when it has ended, or, if it is not a migration, end it with ` +
    `\`SELECT pg_terminate_backend(${pid})\``
  )
}
