import { type Environment, MIGRATOR_URLS, originOf, readStack, readVariable, stackFolder } from '@miyabi/core'

/**
 * The migrator's URL: `DIRECT_DATABASE_URL`, otherwise `DATABASE_URL`, otherwise (outside production) that of the
 * embedded stack of this workspace, if it is running. Undefined when there is none.
 */
export function migrationDatabaseUrl(root: string, env: Environment): string | undefined {
  const origin = originOf(env, MIGRATOR_URLS)
  if (origin === 'named') return MIGRATOR_URLS.map((name) => readVariable(env, name)).find((url) => url !== undefined)
  if (origin === 'none') return undefined
  const folder = stackFolder(root, env)
  return folder === undefined ? undefined : readStack(folder)?.postgres.directDatabaseUrl
}
