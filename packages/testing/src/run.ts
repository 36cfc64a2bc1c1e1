import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { readVariable } from '@miyabi/core'
import pg from 'pg'
import { createDatabase, withDatabase } from './admin.js'
import { fromRun, testVariables } from './environment.js'
import { migratedTemplate, newRunName, RUN_LOCK } from './names.js'
import { makeRunFolder } from './run-folder.js'
import { startServers } from './servers.js'
import { dropDeadRuns, dropRun } from './sweep.js'

export interface TestRunOptions {
  /** Creates the schema in an empty database; called once. The URL is the migrator's. */
  readonly migrate: (directDatabaseUrl: string) => Promise<void>
}

export interface TestRun {
  /** Drops all databases and tables of the run, and stops the servers it started. */
  close(): Promise<void>
}

/**
 * Prepares the servers for a whole test run, and sets environment variables that name them: a temporary embedded stack,
 * or the servers that the environment already names. Temporary files of the run go into a separate folder, in memory if
 * there is room (`TMPDIR`). The template database is created once, and every test file clones it.
 */
export async function startTestRun(options: TestRunOptions): Promise<TestRun> {
  const folder = makeRunFolder()
  const servers = await startServers().catch((error: unknown) => {
    folder.remove()
    throw error
  })
  const name = newRunName()
  process.env[testVariables.prefix] = name.prefix
  // Our lease of a stack ends with this process. External servers must be cleaned up before that.
  const tidyOnExit = servers.areTemporary ? () => {} : sweepInChild
  process.once('exit', tidyOnExit)

  const client = new pg.Client({ connectionString: fromRun('directDatabaseUrl'), application_name: 'miyabi-testing' })
  client.on('error', () => {})
  const endpoint = readVariable(process.env, testVariables.dynamodbEndpoint)
  const close = async (): Promise<void> => {
    try {
      if (!servers.areTemporary) await dropRun(client, endpoint, name)
    } finally {
      await client.end()
      await servers.close()
      folder.remove()
      process.off('exit', tidyOnExit)
    }
  }
  try {
    await client.connect()
    // Held to the end: this lock shows other runs that this one is alive.
    await client.query('SELECT pg_advisory_lock($1, $2)', [RUN_LOCK, name.lockKey])
    await dropDeadRuns(client, endpoint)
    await makeTemplate(client, name.prefix, options)
  } catch (error) {
    await close()
    throw error
  }
  return { close }
}

async function makeTemplate(client: pg.Client, prefix: string, { migrate }: TestRunOptions): Promise<void> {
  const direct = fromRun('directDatabaseUrl')
  const migrated = migratedTemplate(prefix)
  await createDatabase(client, migrated)
  await migrate(withDatabase(direct, migrated))
  // Nobody can connect to a template, so no clone of it ever waits.
  await client.query(`ALTER DATABASE ${pg.escapeIdentifier(migrated)} WITH ALLOW_CONNECTIONS false`)
}

/**
 * A process that is about to exit (Ctrl-C) cannot wait for a server, a child can: hence the only synchronous call here.
 */
function sweepInChild(): void {
  const script = createRequire(import.meta.url).resolve('#sweep')
  spawnSync(process.execPath, [script], { env: process.env, stdio: 'ignore', timeout: 20_000 })
}
