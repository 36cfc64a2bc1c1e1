import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createTestDatabase, type TestDatabase, testVariables } from '@miyabi/testing'
import pg from 'pg'
import type { Contender, Workload } from '../../harness/workload.js'
import type { Servers } from '../../servers/servers.js'
import { ended } from './ended.js'

const program = path.join(import.meta.dirname, '../../../dist/suites/start/programs/test-database.js')

/** The prefix of all databases created here; the name of the tests' template is derived from it. */
const prefixOf = (migrated: string): string => `${migrated}_bench`
const templateOf = (prefix: string): string => pg.escapeIdentifier(`${prefix}_migrated`)
const migratedOf = ({ directDatabaseUrl }: Servers): string =>
  decodeURIComponent(new URL(directDatabaseUrl).pathname.slice(1))

/**
 * Sets the environment variables of a test run, and creates its template from the migrated database while that has no
 * rows and no connections. Returns a function that restores the environment.
 */
export async function beTestRun(admin: pg.Client, servers: Servers): Promise<() => void> {
  const migrated = migratedOf(servers)
  const prefix = prefixOf(migrated)
  await admin.query(`CREATE DATABASE ${templateOf(prefix)} TEMPLATE ${pg.escapeIdentifier(migrated)}`)
  await admin.query(`ALTER DATABASE ${templateOf(prefix)} WITH ALLOW_CONNECTIONS false`)
  const own = {
    [testVariables.databaseUrl]: servers.databaseUrl,
    [testVariables.serviceDatabaseUrl]: servers.serviceDatabaseUrl,
    [testVariables.directDatabaseUrl]: servers.directDatabaseUrl,
    [testVariables.prefix]: prefix,
  }
  const before = { ...process.env }
  Object.assign(process.env, own)
  return () => {
    for (const name of Object.keys(own)) delete process.env[name]
    Object.assign(process.env, before)
  }
}

/** The time that a test file waits for its database, and the statement behind it. */
export function testDatabaseWorkload(admin: pg.Client, servers: Servers): Workload {
  const prefix = prefixOf(migratedOf(servers))
  const copy = pg.escapeIdentifier(`${prefix}_copy`)
  const statement = (name: string, options: string): Contender => ({
    name,
    run: async () => void (await admin.query(`CREATE DATABASE ${copy} ${options}`)),
    after: async () => void (await admin.query(`DROP DATABASE IF EXISTS ${copy}`)),
  })
  const taken: TestDatabase[] = []
  const take = async (): Promise<void> => void taken.push(await createTestDatabase())
  // Sequential: once these are dropped, the next one exists.
  const after = async (): Promise<void> => void (await Promise.all(taken.splice(0).map((database) => database.drop())))
  return {
    name: 'test database',
    about:
      '`createTestDatabase()` on a running server: with the next database made ahead, while a test ran; directly after another call took that one, so that the next is still being made; and as the first call of a process, which also connects. The base is the statement behind it, `CREATE DATABASE` from the migrated database with 18 tables by copying its files; for comparison, the same through the log, which is the default of PostgreSQL, and without tables.',
    concurrency: [1],
    single: true,
    contenders: [
      statement('CREATE DATABASE', `TEMPLATE ${templateOf(prefix)} STRATEGY file_copy`),
      { name: 'made ahead', run: take, after },
      { name: 'none made ahead', before: take, run: take, after },
      firstOfProcess(admin, prefix),
      statement('CREATE DATABASE, through the log', `TEMPLATE ${templateOf(prefix)} STRATEGY wal_log`),
      statement('CREATE DATABASE, empty', 'STRATEGY file_copy'),
    ],
  }
}

/** The first database of a test process, after its imports. */
function firstOfProcess(admin: pg.Client, prefix: string): Contender {
  let before: readonly string[] = []
  let child: ChildProcess | undefined
  let exit: Promise<void> | undefined
  return {
    name: 'first of a process',
    async before() {
      before = await databases(admin, prefix)
      child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] })
      await once(child.stdout ?? child, 'data')
    },
    async run() {
      if (!child) return
      exit = ended(child)
      child.stdin?.end('\n')
      await Promise.race([once(child.stdout ?? child, 'data'), exit])
    },
    async after() {
      await exit
      // Includes the database that was created ahead.
      for (const name of (await databases(admin, prefix)).filter((one) => !before.includes(one)))
        await admin.query(`DROP DATABASE ${pg.escapeIdentifier(name)} WITH (FORCE)`)
    },
  }
}

/** Only those created here: a server may have others that are created meanwhile. */
async function databases(admin: pg.Client, prefix: string): Promise<string[]> {
  const { rows } = await admin.query<{ name: string }>(
    'SELECT datname AS name FROM pg_database WHERE starts_with(datname, $1)',
    [`${prefix}_`],
  )
  return rows.map(({ name }) => name)
}
