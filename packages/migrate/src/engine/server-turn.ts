import { sleep } from '@miyabi/core'
import type pg from 'pg'
import { withClient } from '../connection/client.js'
import { type Target, withDatabase } from '../connection/target.js'

/** Roles belong to the server, and advisory locks to a database: those who change roles meet in this one. */
const MEETING_PLACE = 'postgres'

/** Beside the number under which Prisma keeps two deploys of one database apart. */
const ROLES_LOCK = 72707370

/** Whoever waits longer goes on: a script that was written for company has attempts of its own. */
const PATIENCE_MS = 60_000
const POLL_MS = 25

/**
 * Runs a script that changes roles when no other deployment on the server does: PostgreSQL refuses what two
 * transactions do to one role at once ("tuple concurrently updated"), whichever databases they are in. Other scripts
 * run at once. So does every script where the login may not connect to the database in which they would wait for each
 * other.
 * @param goOn asked while it waits; false ends the wait.
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

/** Asks again and again: a session that waits inside the server holds up what waits for old transactions. */
async function waitForTurn(client: pg.Client, goOn: () => boolean): Promise<void> {
  while (goOn()) {
    const { rows } = await client.query<{ held: boolean }>(`SELECT pg_try_advisory_lock(${ROLES_LOCK}) AS held`)
    if (rows[0]?.held) return
    await sleep(POLL_MS)
  }
}

/** As far as its words tell; one that only speaks of roles waits for its turn, too. */
export const changesRoles = (script: string): boolean =>
  /\b(CREATE|ALTER|DROP)\s+(ROLE|USER|GROUP)\b/i.test(script) ||
  /\b(GRANT|REVOKE)\s+(?:(?!\bON\b)[^;'$])+?\b(TO|FROM)\b/i.test(script)
