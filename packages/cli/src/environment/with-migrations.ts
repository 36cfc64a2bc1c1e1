import path from 'node:path'
import { MIGRATOR_URLS } from '@miyabi/core'
import {
  checkPrismaCommand,
  type Migration,
  migrationDatabaseUrl,
  type PrismaProject,
  parseTarget,
  readMigrations,
  type Target,
} from '@miyabi/migrate'
import { untilInterrupted } from '../terminal/interrupted.js'
import { commandEnvironment, stackUnlessSet } from './environment.js'
import { assertOwnsSchema } from './packed-schema.js'
import { sayPostgres } from './server-name.js'

/** The context of a command on migrations. */
export interface MigrationEnvironment {
  readonly project: PrismaProject
  /** The migrator's database. */
  readonly databaseUrl: Target
  readonly migrations: readonly Migration[]
  /** Aborted by Ctrl-C, SIGTERM and SIGHUP. */
  readonly signal: AbortSignal
}

/**
 * Runs `work` on the migrations of the schema with the database that Prisma's commands would use, and reports which one
 * that is. The embedded stack, if used, is up while `work` runs.
 * @throws {NoDatabaseError} `migrate.no_database` in production if none is set.
 */
export async function withMigrations<T>(
  work: (environment: MigrationEnvironment) => Promise<T>,
  { writes = false }: { readonly writes?: boolean } = {},
): Promise<T> {
  const environment = commandEnvironment()
  if (writes) assertOwnsSchema(environment)
  const { root, schemaRoot, env } = environment
  checkPrismaCommand(root, env, ['migrate', 'status'])
  await using stack = await stackUnlessSet(environment, MIGRATOR_URLS)
  const url = stack?.descriptor.postgres.directDatabaseUrl ?? migrationDatabaseUrl(root, env) ?? ''
  const project = {
    root: schemaRoot,
    env: { ...env, DIRECT_DATABASE_URL: url },
    schema: 'prisma/schema',
    migrations: 'prisma/migrations',
  }
  return await untilInterrupted(async (signal) => {
    const databaseUrl = parseTarget(url)
    sayPostgres(databaseUrl, stack)
    const migrations = readMigrations(path.join(schemaRoot, project.migrations))
    return await work({ project, databaseUrl, migrations, signal })
  })
}
