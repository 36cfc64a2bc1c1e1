import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { createDatabase, grantToApplication, withDatabase } from './admin.js'
import { fromRun, testVariables } from './environment.js'
import { emptyTemplate, migratedTemplate, newRunName, RUN_LOCK } from './names.js'
import { dropDeadRuns, dropRun } from './sweep.js'

export interface TestRunOptions {
  /**
   * Brings the schema into an empty database; called once. The URL is the migrator's.
   */
  readonly migrate: (directDatabaseUrl: string) => Promise<void>
}

export interface TestRun {
  /** Drops all databases and tables of the run, and stops the servers it started. */
  close(): Promise<void>
}

/**
 * Prepares the servers for a whole test run, and says in the environment where they are: the template databases are made once,
 * every test file clones them.
 */
export async function startTestRun(options: TestRunOptions): Promise<TestRun> {
  const admin = fromRun('directDatabaseUrl')
  const application = fromRun('databaseUrl')
  const endpoint = process.env[testVariables.dynamodbEndpoint]?.trim() || undefined
  const name = newRunName()
  process.env[testVariables.prefix] = name.prefix

  // Held to the end: this connection's lock is what tells other runs that this one lives.
  const client = new pg.Client({ connectionString: admin, application_name: 'miyabi-testing-run' })
  client.on('error', () => {})
  await client.connect()
  await client.query('SELECT pg_advisory_lock($1, $2)', [RUN_LOCK, name.lockKey])
  const tidyOnExit = (): void => sweepInChild(process.env)
  process.once('exit', tidyOnExit)

  await dropDeadRuns(client, endpoint)
  const empty = emptyTemplate(name.prefix)
  await createDatabase(client, empty)
  await grantToApplication(withDatabase(admin, empty), withDatabase(application, empty))
  const migrated = migratedTemplate(name.prefix)
  await createDatabase(client, migrated, empty)
  await options.migrate(withDatabase(admin, migrated))
  // Nobody can connect to a template, so no clone of it ever waits.
  for (const template of [empty, migrated]) {
    await client.query(`ALTER DATABASE ${pg.escapeIdentifier(template)} WITH ALLOW_CONNECTIONS false`)
  }

  return {
    async close() {
      process.off('exit', tidyOnExit)
      try {
        await dropRun(client, endpoint, name)
      } finally {
        await client.end()
      }
    },
  }
}

/** A process that is about to exit (Ctrl-C) cannot wait for a server, a child can: hence the only synchronous call here. */
function sweepInChild(env: NodeJS.ProcessEnv): void {
  spawnSync(process.execPath, [fileURLToPath(new URL('./sweep-main.js', import.meta.url))], {
    env,
    stdio: 'ignore',
    timeout: 20_000,
  })
}
