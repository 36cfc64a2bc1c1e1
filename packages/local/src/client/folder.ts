import path from 'node:path'
import { stackFolder } from '@miyabi/core'
import { LocalError } from './errors.js'

/** Returns the named folder, else the one of the project around the current folder (`MIYABI_STACK_DIR` overrides). */
export function resolveFolder(folder: string | undefined): string {
  const found = folder === undefined ? stackFolder(process.cwd(), process.env) : path.resolve(folder)
  if (found) return found
  throw new LocalError(
    'local.folder.unknown',
    `There is no project at or above ${process.cwd()}, so the embedded stack has no folder`,
    { remedy: 'run inside a folder that has a package.json at or above it, or name a folder in MIYABI_STACK_DIR' },
  )
}
