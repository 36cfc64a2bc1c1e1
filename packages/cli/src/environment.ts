import { findWorkspaceRoot, stackFolder } from '@miyabi/core'
import { acquireStack, type Stack } from '@miyabi/local'
import { loadEnvFile } from '@miyabi/migrate'

/** Where a command runs, and with what. */
export interface CommandEnvironment {
  /** The workspace around the current folder, else that folder. */
  readonly root: string
  /** The process's environment, and what `.env` at the root adds to it. */
  readonly env: NodeJS.ProcessEnv
}

/** Reads the environment that a command works with. Changes nothing in the process's own. */
export function commandEnvironment(): CommandEnvironment {
  const root = findWorkspaceRoot(process.cwd()) ?? process.cwd()
  const env = { ...process.env }
  loadEnvFile(root, env)
  return { root, env }
}

/**
 * A lease on the embedded stack, which is started where it is not up; none where one of `names` is set and leads elsewhere, and
 * none in production.
 */
export async function stackUnlessSet(
  { root, env }: CommandEnvironment,
  names: readonly string[],
): Promise<Stack | undefined> {
  if (names.some((name) => env[name]?.trim()) || env['NODE_ENV']?.trim() === 'production') return undefined
  const folder = stackFolder(root, env)
  return acquireStack(folder === undefined ? {} : { folder })
}
