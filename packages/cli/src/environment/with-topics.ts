import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { MIGRATOR_URLS, MiyabiError } from '@miyabi/core'
import type { EffectDefinitions } from '@miyabi/db'
import { migrationDatabaseUrl, NoDatabaseError, parseTarget, type TopicsOptions } from '@miyabi/migrate'
import { untilInterrupted } from '../terminal/interrupted.js'
import { commandEnvironment, stackUnlessSet } from './environment.js'
import { sayPostgres } from './server-name.js'

/**
 * Runs `work` on the migrator's database with the effects that a module opens to users.
 * @param file a module that exports `effects` as `defineEffects` returns them; absent if the application has none.
 * @throws {MiyabiError} `cli.no_effects` if it exports no effects.
 * @throws {NoDatabaseError} `migrate.no_database` in production if none is set.
 */
export async function withTopics<T>(
  file: string | undefined,
  work: (options: Required<TopicsOptions>) => Promise<T>,
): Promise<T> {
  const { openTopics } = await import('@miyabi/db')
  const topics = openTopics(file === undefined ? {} : await effectsOf(file))
  const environment = commandEnvironment()
  await using stack = await stackUnlessSet(environment, MIGRATOR_URLS)
  const url = stack?.descriptor.postgres.directDatabaseUrl ?? migrationDatabaseUrl(environment.root, environment.env)
  if (url === undefined) throw new NoDatabaseError('outbox topics', environment.env)
  const database = parseTarget(url)
  sayPostgres(database, stack)
  return await untilInterrupted((signal) => work({ database, topics, signal }))
}

async function effectsOf(file: string): Promise<EffectDefinitions> {
  const { effects } = (await import(pathToFileURL(path.resolve(file)).href)) as { readonly effects?: unknown }
  // A relay's handlers do not name users: treated as definitions, they would close topics that are open to users.
  const isDefined = effects !== null && typeof effects === 'object'
  if (isDefined && Object.values(effects).every((each) => typeof Object(each).handle !== 'function')) {
    return effects as EffectDefinitions
  }
  throw new MiyabiError('cli.no_effects', `${file} does not export \`effects\` of defineEffects`, {
    remedy: 'export const effects = defineEffects({ ... })',
  })
}
