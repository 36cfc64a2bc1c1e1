import {
  applicationUrlsOf,
  DYNAMODB_ENDPOINTS,
  findProjectRoot,
  MIGRATOR_URLS,
  originOf,
  stackFolder,
} from '@miyabi/core'
import type { Stack } from '@miyabi/local'
import { loadEnvFile } from '@miyabi/migrate'
import { showProgress } from '../terminal/progress.js'
import { ownsSchema, packedSchemaRoot } from './packed-schema.js'

/** The folders and variables that a command runs with. */
export interface CommandEnvironment {
  /** The root of the project around the current folder, else the current folder. */
  readonly root: string
  /** The folder that holds `prisma/schema` and `prisma/migrations`. */
  readonly schemaRoot: string
  /** The process's environment, plus the variables of `.env` at the root. */
  readonly env: NodeJS.ProcessEnv
}

/** Returns the environment for a command. Does not change that of the process. */
export function commandEnvironment(): CommandEnvironment {
  const root = findProjectRoot(process.cwd()) ?? process.cwd()
  const env = { ...process.env }
  loadEnvFile(root, env)
  return { root, schemaRoot: ownsSchema(root) ? root : packedSchemaRoot, env }
}

/**
 * Returns a lease on the embedded stack, which is started if it is not running; undefined if one of `names` is set to
 * another server, and in production.
 */
export async function stackUnlessSet(
  { root, env }: CommandEnvironment,
  names: readonly string[],
): Promise<Stack | undefined> {
  if (originOf(env, names) !== 'stack') return undefined
  const folder = stackFolder(root, env)
  const { acquireStack } = await import('@miyabi/local')
  using progress = showProgress()
  progress.step('starting the embedded stack')
  return await acquireStack(folder === undefined ? {} : { folder })
}

/** An environment in which the embedded stack replaces the stores without a URL, as long as it is leased. */
export interface StackedEnvironment extends CommandEnvironment, AsyncDisposable {
  readonly usesStack: boolean
}

/** Adds the embedded stack's URLs for stores that `environment` does not name; none in production. */
export async function environmentWithStack(environment: CommandEnvironment): Promise<StackedEnvironment> {
  const forPostgres = await stackUnlessSet(environment, MIGRATOR_URLS)
  const forDynamo = await stackUnlessSet(environment, DYNAMODB_ENDPOINTS)
  const { dynamodb } = forDynamo?.descriptor ?? {}
  const env = {
    ...environment.env,
    ...(forPostgres && {
      ...applicationUrlsOf(forPostgres.descriptor, environment.env),
      DIRECT_DATABASE_URL: forPostgres.descriptor.postgres.directDatabaseUrl,
    }),
    ...(dynamodb && 'endpoint' in dynamodb && { DYNAMODB_ENDPOINT: String(dynamodb.endpoint) }),
  }
  return {
    root: environment.root,
    schemaRoot: environment.schemaRoot,
    env,
    usesStack: forPostgres !== undefined || forDynamo !== undefined,
    async [Symbol.asyncDispose]() {
      await forPostgres?.close()
      await forDynamo?.close()
    },
  }
}
