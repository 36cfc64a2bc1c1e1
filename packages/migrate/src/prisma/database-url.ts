import { type Environment, readStack, stackFolder } from '@miyabi/core'

/**
 * The migrator's URL: `DIRECT_DATABASE_URL`, else `DATABASE_URL`, else (outside production) that of the embedded stack of this
 * workspace, if it is up. Undefined when there is none.
 */
export function migrationDatabaseUrl(root: string, env: Environment): string | undefined {
  const given = env.DIRECT_DATABASE_URL?.trim() || env.DATABASE_URL?.trim()
  if (given) return given
  if (env.NODE_ENV === 'production') return undefined
  const folder = stackFolder(root, env)
  return folder === undefined ? undefined : readStack(folder)?.postgres.directDatabaseUrl
}
