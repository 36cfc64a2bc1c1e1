import path from 'node:path'
import type { Erasure, RestorePlace } from '@miyabi/backup'
import { migrationDatabaseUrl, NoDatabaseError, parseTarget, readMigrations } from '@miyabi/migrate'
import { say } from '../terminal/output.js'
import { environmentWithStack } from './environment.js'
import { serverName } from './server-name.js'
import { type BackupEnvironment, withBackups } from './with-backups.js'

/** The context of a restore. */
interface RestoreEnvironment extends Omit<BackupEnvironment, 'environment'> {
  readonly place: RestorePlace
  /** The variables for a context of these stores. */
  readonly env: NodeJS.ProcessEnv
  /** Erases the users of these marks, as the service. */
  erase(marks: readonly Erasure[]): Promise<void>
}

/**
 * Runs `work` on both stores as the migrator, and on the backups, and reports where they are. The embedded stack, if
 * used, is up while `work` runs.
 * @param command for the error if there is no database.
 */
export async function withRestore<T>(
  command: string,
  work: (environment: RestoreEnvironment) => Promise<T>,
): Promise<T> {
  return withBackups(async ({ environment, ...backups }) => {
    const { createDynamo, parseDynamoSettings } = await import('@miyabi/dynamo')
    await using stacked = await environmentWithStack(environment)
    const { env, root, schemaRoot, usesStack } = stacked
    const url = migrationDatabaseUrl(root, env)
    if (url === undefined) throw new NoDatabaseError(command, env)
    const database = parseTarget(url)
    say(usesStack ? 'stores: embedded stack' : `PostgreSQL: ${serverName(database)}`)
    const settings = parseDynamoSettings(env)
    await using dynamo = createDynamo(settings)
    const migrations = readMigrations(path.join(schemaRoot, 'prisma/migrations'))
    const place = { database, dynamo, prefix: settings.tablePrefix, migrations }
    return await work({ ...backups, place, env, erase: (marks) => eraseMarked(marks, { env, cwd: root }) })
  })
}

async function eraseMarked(
  marks: readonly Erasure[],
  options: { readonly env: NodeJS.ProcessEnv; readonly cwd: string },
): Promise<void> {
  if (marks.length === 0) return
  const { DatabaseContext } = await import('@miyabi/db')
  await using db = await DatabaseContext.fromEnv(options)
  await db.eraseMarked(marks.map(({ mark, at }) => ({ mark, at: new Date(at) })))
}
