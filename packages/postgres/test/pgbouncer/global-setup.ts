import pg from 'pg'
import startTestRun from '../../../../test/global-setup.js'
import { startPgBouncer } from './pgbouncer.js'

/** What the pooler's role must have, since nothing can be said when a session begins; the defaults of the settings. */
const ROLE = { statement_timeout: '60s', lock_timeout: '10s', idle_in_transaction_session_timeout: '60s' }

/** The logins that go through it. */
const LOGINS = ['TEST_DATABASE_URL', 'TEST_SERVICE_DATABASE_URL'] as const

/**
 * The servers and templates of every test run, with PgBouncer before PostgreSQL for the logins of the application and
 * of the service. The migrator's goes past it, as DIRECT_DATABASE_URL does.
 */
export default async function setup(): Promise<() => Promise<void>> {
  const endRun = await startTestRun()
  const [application = '', service = ''] = LOGINS.map((name) => process.env[name])
  const direct = [application, service] as const
  const set = Object.entries(ROLE).map(([name, value]) => `SET ${name} = '${value}'`)
  for (const url of direct) await asLogin(url, set)
  const pooler = await startPgBouncer(direct)
  for (const [n, name] of LOGINS.entries()) process.env[name] = pooler.urls[n]
  process.env['DB_POOLER'] = 'transaction'
  return async () => {
    await pooler.close()
    const reset = Object.keys(ROLE).map((name) => `RESET ${name}`)
    for (const [n, name] of LOGINS.entries()) process.env[name] = direct[n]
    for (const url of direct) await asLogin(url, reset)
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
