import { sleep } from '@miyabi/core'
import type pg from 'pg'
import { withClient } from '../connection/client.js'
import { type Target, withDatabase } from '../connection/target.js'

/** Roles belong to the server, and advisory locks to a database: scripts that change roles serialize in this one. */
const MEETING_PLACE = 'postgres'

/** Used beside the number with which Prisma serializes two deploys of one database. */
const ROLES_LOCK = 72707370

/** After a longer wait it continues: a script written for concurrency has its own retries. */
const PATIENCE_MS = 60_000
const POLL_MS = 25

/**
 * Runs a script that changes roles when no other deployment on the server does: PostgreSQL refuses concurrent changes
 * of one role by two transactions ("tuple concurrently updated"), whichever databases they are in. Other scripts run
 * immediately. So does every script if the login may not connect to the database in which they would wait for each
 * other.
 * @param goOn called while it waits; false ends the wait.
 */
export async function inTurn(
  target: Target,
  script: string,
  goOn: () => boolean,
  run: () => Promise<unknown>,
): Promise<void> {
  if (!changesRoles(script)) return void (await run())
  const started = performance.now()
  let isRun = false
  const attempt = withClient(
    { ...withDatabase(target, MEETING_PLACE).config, application_name: 'miyabi roles' },
    async (client) => {
      await waitForTurn(client, () => goOn() && performance.now() - started < PATIENCE_MS)
      isRun = true
      await run()
    },
  )
  await attempt.catch(async (error: unknown) => {
    if (isRun) throw error
    await run()
  })
}

/** Polls: a session that waits inside the server would hold up everything that waits for old transactions. */
async function waitForTurn(client: pg.Client, goOn: () => boolean): Promise<void> {
  while (goOn()) {
    const { rows } = await client.query<{ held: boolean }>(`SELECT pg_try_advisory_lock(${ROLES_LOCK}) AS held`)
    if (rows[0]?.held) return
    await sleep(POLL_MS)
  }
}

/** Judged by its words; a script that only mentions roles waits for its turn, too. */
export const changesRoles = (script: string): boolean =>
  /\b(CREATE|ALTER|DROP)\s+(ROLE|USER|GROUP)\b/i.test(script) ||
  /\b(GRANT|REVOKE)\s+(?:(?!\bON\b)[^;'$])+?\b(TO|FROM)\b/i.test(script)
