import { sleep } from '@miyabi/core'
import type pg from 'pg'
import { MigrationError } from '../errors/migration-error.js'

/** The number under which Prisma's engine keeps two deploys apart. */
export const PRISMA_LOCK = 72707369

/** SQLSTATE of a lock that was not to be had in time. */
export const LOCK_NOT_AVAILABLE = '55P03'

const POLL_MS = 50

/**
 * Waits for Prisma's advisory lock, which is then held for the rest of the session. Asks again and again: a session that waits inside
 * the server is a transaction to it, for whose end CREATE INDEX CONCURRENTLY of the one at work would wait in turn, a deadlock.
 * @param goOn asked before each look; false ends the wait.
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
 * Takes Prisma's advisory lock for the rest of the session, so that no deploy and no other rollback is at work meanwhile.
 * @throws {MigrationError} `migrate.busy` when it is not to be had within `timeoutMs`.
 */
export async function takeMigrationLock(client: pg.Client, timeoutMs: number): Promise<void> {
  const end = performance.now() + timeoutMs
  if (await waitForMigrationLock(client, () => performance.now() < end)) return
  throw new MigrationError(
    'migrate.busy',
    `Another deploy or rollback is at work on this database, and was not done within ${timeoutMs / 1000} s. Nothing was changed. Try again when it has ended; \`pnpm db:migrate status\` tells.`,
    { details: { waitedMs: timeoutMs } },
  )
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
