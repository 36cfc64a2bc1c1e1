import { defined } from '@miyabi/core'
import type { PrismaConfig } from 'prisma/config'
import { hideSecrets } from '../connection/hidden-urls.js'
import { NoDatabaseError } from '../errors/errors.js'
import { migrationDatabaseUrl } from './database-url.js'
import { engineEnvironment } from './engine-environment.js'
import { schemaEnginePath } from './engine-path.js'
import { loadEnvFile } from './env-file.js'
import { needsDatabase, prismaCommand } from './needs-database.js'
import { checkPrismaCommand } from './preflight.js'
import { migrateSettings } from './settings.js'

export interface PrismaConfigOptions {
  /** The folder of `prisma.config.ts`, where `.env` and the embedded stack's folder are searched for. */
  readonly root: string
  /** The process's environment. It is read, and what the CLI must find is added to it: see {@link prismaConfig}. */
  readonly env: Record<string, string | undefined>
  /** The arguments after `prisma`. */
  readonly args: readonly string[]
  /** Prisma's own options; paths are relative to the configuration file. */
  readonly config: Omit<PrismaConfig, 'datasource'>
}

/**
 * Returns a Prisma configuration for this data layer, to be the default export of `prisma.config.ts`. The CLI loads it
 * for every command, so it also adds to `env` what the CLI reads from there: the entries of `.env`, our schema engine
 * in `PRISMA_SCHEMA_ENGINE_BINARY` (unless set, or `MIYABI_PRISMA_ENGINE` is `native`), `CHECKPOINT_DISABLE`, and the
 * complete URLs: those of the configuration have no password, because the CLI makes them arguments of our engine, which
 * everyone can read.
 * @throws {ConfigError} `config.invalid`, for an invalid setting
 * @throws {EngineMismatchError} `migrate.engine_mismatch`
 * @throws {NoDatabaseError} `migrate.no_database`, for a command that needs a database when none is set and none is
 * running
 */
export function prismaConfig({ root, env, args, config }: PrismaConfigOptions): PrismaConfig {
  loadEnvFile(root, env)
  checkPrismaCommand(root, env, args)
  Object.assign(env, engineEnvironment(env))
  const url = migrationDatabaseUrl(root, env)
  if (url === undefined && needsDatabase(args)) throw new NoDatabaseError(prismaCommand(args), env)
  const shadowDatabaseUrl = migrateSettings.parse(env).SHADOW_DATABASE_URL
  // Not through `defineConfig`: it changes nothing, the CLI calls it itself, and its module takes a third of a second
  // to load.
  if (url === undefined) return config
  const datasource = { url, ...defined({ shadowDatabaseUrl }) }
  // Studio connects itself, and an engine that is not ours does not read our variables.
  if (env['PRISMA_SCHEMA_ENGINE_BINARY'] !== schemaEnginePath || prismaCommand(args) === 'studio') {
    return { ...config, datasource }
  }
  const hidden = hideSecrets(datasource)
  Object.assign(env, hidden.env)
  return { ...config, datasource: hidden.shown }
}
