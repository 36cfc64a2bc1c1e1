import pg from 'pg'
import startTestRun from '../../../../test/global-setup.js'
import { startPgBouncer } from './pgbouncer.js'

/** What the pooler's role must have, since nothing can be said when a session begins; the defaults of the settings. */
const ROLE = { statement_timeout: '60s', lock_timeout: '10s', idle_in_transaction_session_timeout: '60s' }

/**
 * The servers and templates of every test run, with PgBouncer before PostgreSQL for the application's login. The migrator's goes
 * past it, as DIRECT_DATABASE_URL does.
 */
export default async function setup(): Promise<() => Promise<void>> {
  const endRun = await startTestRun()
  const direct = process.env['TEST_DATABASE_URL'] ?? ''
  await asLogin(
    direct,
    Object.entries(ROLE).map(([name, value]) => `SET ${name} = '${value}'`),
  )
  const pooler = await startPgBouncer(direct)
  process.env['TEST_DATABASE_URL'] = pooler.url
  process.env['DB_POOLER'] = 'transaction'
  return async () => {
    await pooler.close()
    process.env['TEST_DATABASE_URL'] = direct
    await asLogin(
      direct,
      Object.keys(ROLE).map((name) => `RESET ${name}`),
    )
    await endRun()
  }
}

/** A role may change what its own sessions begin with. */
async function asLogin(url: string, changes: readonly string[]): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  for (const change of changes) await client.query(`ALTER ROLE CURRENT_USER ${change}`)
  await client.end()
}
