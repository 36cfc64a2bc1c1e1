import { ConfigError, defineSettings, type Environment, field, MIGRATOR_URLS, originOf } from '@miyabi/core'
import { NoDatabaseError } from '../errors/errors.js'
import { checkEngineVersion } from './engine-version.js'
import { needsDatabase, prismaCommand } from './needs-database.js'
import { migrateSettings, usesWasmEngine } from './settings.js'

const databaseUrl = field.url({
  doc: 'Where a Prisma command works.',
  protocols: ['postgresql', 'postgres'],
  defaultText: 'none',
  example: 'postgresql://miyabi_migrator:password@localhost:5432/miyabi',
})

/** Described in the settings of the PostgreSQL package; here only their form matters. */
const databaseUrls = defineSettings({
  title: 'Database URLs',
  fields: { DIRECT_DATABASE_URL: databaseUrl, DATABASE_URL: databaseUrl },
})

/**
 * Checks what must hold before Prisma is started, so that faults are reported in our words and by the name of the
 * variable: valid settings, an engine that matches the CLI, and for a command that needs a database readable URLs, and
 * a URL at all in production, where the embedded database is not used.
 * @throws {ConfigError} `config.invalid`, with every fault
 * @throws {EngineMismatchError} `migrate.engine_mismatch`
 * @throws {NoDatabaseError} `migrate.no_database`
 */
export function checkPrismaCommand(root: string, env: Environment, args: readonly string[]): void {
  const connects = needsDatabase(args)
  const faults = [...migrateSettings.check(env).faults, ...(connects ? databaseUrls.check(env).faults : [])]
  if (faults.length > 0) throw new ConfigError(faults)
  if (usesWasmEngine(env)) checkEngineVersion(root)
  if (connects && originOf(env, MIGRATOR_URLS) === 'none') throw new NoDatabaseError(prismaCommand(args), env)
}
