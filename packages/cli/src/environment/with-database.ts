import { APPLICATION_URLS, applicationUrlsOf, DYNAMODB_ENDPOINTS, type Logger } from '@miyabi/core'
import type { DatabaseContext, EffectDefinitions } from '@miyabi/db'
import { say } from '../terminal/output.js'
import { commandEnvironment, stackUnlessSet } from './environment.js'

/**
 * Runs `work` on both stores as an application with this environment would use them. The embedded stack, if used, is up
 * while `work` runs.
 */
export async function withDatabase<T>(
  work: (db: DatabaseContext<EffectDefinitions>) => Promise<T>,
  { logger, effects = {} }: { readonly logger?: Logger; readonly effects?: EffectDefinitions | undefined } = {},
): Promise<T> {
  const { DatabaseContext } = await import('@miyabi/db')
  const environment = commandEnvironment()
  await using forPostgres = await stackUnlessSet(environment, APPLICATION_URLS)
  await using forDynamo = await stackUnlessSet(environment, DYNAMODB_ENDPOINTS)
  const { dynamodb } = forDynamo?.descriptor ?? {}
  const env = {
    ...environment.env,
    ...(forPostgres && applicationUrlsOf(forPostgres.descriptor, environment.env)),
    ...(dynamodb && 'endpoint' in dynamodb && { DYNAMODB_ENDPOINT: String(dynamodb.endpoint) }),
  }
  if (forPostgres) say('PostgreSQL: embedded stack')
  await using db = await DatabaseContext.fromEnv({ env, cwd: environment.root, effects, ...(logger && { logger }) })
  return await work(db)
}
