import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { withClient } from '../connection/client.js'
import { toConnectError } from '../connection/connect-error.js'
import { type DatabaseLocation, targetOf } from '../connection/target.js'
import { MigrationError } from '../errors/migration-error.js'
import { compareHistory } from '../history/compare.js'
import type { Migration } from '../history/folder.js'
import { createHistory, historyTable, readHistory } from '../history/history.js'
import { takeMigrationLock } from '../history/migration-lock.js'
import { historyProblems } from '../history/problems.js'
import { isNotTransactional } from '../script/classify.js'
import { runScript, scriptFault } from '../script/run-script.js'
import { checkUtf8, checkWhole, isOneCall } from '../script/whole.js'
import { parseSql } from '../sql/parse.js'

export interface DeployOptions {
  /** The migrator's login. */
  readonly database: DatabaseLocation
  /** All migrations that the database should have, in order. */
  readonly migrations: readonly Migration[]
  /** Called before each one is applied. */
  readonly onProgress?: (migration: string) => void
  readonly signal?: AbortSignal | undefined
}

/** How long to wait for another deploy, in milliseconds. */
const LOCK_TIMEOUT_MS = 10_000

/**
 * Applies the migrations that the database does not have, each in one transaction with its record in Prisma's history:
 * for a deployment that must stop at a migration before the last, which `prisma migrate deploy` cannot.
 *
 * @returns the names of those that it applied.
 * @throws {MigrationError} `migrate.failed`, `migrate.edited`, `migrate.ahead`, `migrate.diverged`, `migrate.busy`,
 * `migrate.up_failed`, `migrate.not_whole`
 */
export async function deployMigrations(options: DeployOptions): Promise<readonly string[]> {
  const { migrations, onProgress = () => {}, signal } = options
  const target = targetOf(options.database)
  for (const migration of migrations) checkUtf8(migration)
  const work = withClient(
    target.config,
    async (client) => {
      await takeMigrationLock(client, LOCK_TIMEOUT_MS)
      const { rows } = await client.query<{ exists: boolean }>('SELECT to_regclass($1) IS NOT NULL AS exists', [
        historyTable(target.schema),
      ])
      if (!rows[0]?.exists) await client.query(createHistory(target.schema))
      const statuses = compareHistory(migrations, await readHistory(client, target.schema))
      const [problem] = historyProblems(statuses)
      if (problem) throw problem
      const pending = migrations.filter((each) =>
        statuses.some(({ name, state }) => name === each.name && state === 'pending'),
      )
      for (const migration of pending) {
        onProgress(migration.name)
        await apply(client, migration, target.schema)
      }
      return pending.map(({ name }) => name)
    },
    signal,
  )
  return work.catch((error: unknown) => {
    signal?.throwIfAborted()
    throw error instanceof MigrationError ? error : toConnectError(error, target)
  })
}

async function apply(client: pg.Client, migration: Migration, schema: string): Promise<void> {
  const { name, up } = migration
  await checkWhole(up, `migration.sql of ${name}`)
  const note = noteOf(migration, schema)
  try {
    if (await isAlone(up)) {
      await runScript(client, up)
      await client.query(note)
    } else {
      // One message is one transaction: the script and its record.
      await runScript(client, `${up}\n;\nRESET ROLE;\n${note}`)
    }
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error
    const { sqlstate, text } = scriptFault(error, up)
    throw new MigrationError('migrate.up_failed', `The server refused ${name}, and none of it was applied.\n${text}`, {
      details: { migration: name, sqlstate },
    })
  }
}

/** As Prisma records it. */
function noteOf({ name, checksum }: Migration, schema: string): string {
  const values = [randomUUID(), checksum, name].map((value) => pg.escapeLiteral(value)).join(', ')
  return `INSERT INTO ${historyTable(schema)} (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
          VALUES (${values}, clock_timestamp(), clock_timestamp(), 1)`
}

/** Whether a script must be sent without any other statement. */
async function isAlone(script: string): Promise<boolean> {
  const statements = await parseSql(script)
  return (await isOneCall(script)) || statements.some(isNotTransactional)
}
