import { accessSync, constants, lstatSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { readVariable } from '@miyabi/core'
import { Failure } from './failure.js'
import { makeFolder } from './files.js'

export function isRoot(): boolean {
  return process.getuid?.() === 0
}

/** The home folder of this user, or undefined: a container may run under a user id without a user. */
function homeFolder(): string | undefined {
  try {
    return os.homedir()
  } catch {
    return undefined
  }
}

/** The platform's default folder for caches. */
function platformCache(env: NodeJS.ProcessEnv): string | undefined {
  const home = homeFolder()
  if (process.platform === 'win32') return env['LOCALAPPDATA'] && path.join(env['LOCALAPPDATA'], 'miyabi', 'cache')
  if (process.platform === 'darwin') return home && path.join(home, 'Library', 'Caches', 'miyabi')
  const xdg = readVariable(env, 'XDG_CACHE_HOME') || (home && path.join(home, '.cache'))
  return xdg && path.join(xdg, 'miyabi')
}

/**
 * The candidate folders for the cache, best first. As root it must be a folder that the unprivileged server can reach:
 * not root's home.
 */
function candidates(env: NodeJS.ProcessEnv): string[] {
  const named = readVariable(env, 'MIYABI_CACHE_DIR')
  if (named !== undefined) return [path.resolve(named)]
  if (isRoot()) return ['/var/cache/miyabi', '/var/tmp/miyabi-root']
  const own = platformCache(env)
  const fallback = path.join(os.tmpdir(), `miyabi-${process.getuid?.() ?? 'cache'}`)
  return own ? [own, fallback] : [fallback]
}

/**
 * This user's private cache folder, created if missing: the prepared PostgreSQL data folder, copies of the binaries if
 * the installed ones cannot be used in place, temporary stacks, and the data of a stack whose own folder the server
 * cannot enter. `MIYABI_CACHE_DIR` overrides; the default is the platform's cache folder, for root `/var/cache/miyabi`.
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const tried = candidates(env)
  for (const folder of tried) {
    try {
      // Others may traverse it (the server runs as another user), but not list it.
      makeFolder(folder, isRoot() ? 0o711 : 0o700)
      const stat = lstatSync(folder)
      // In a shared folder another user may have created this one first, or a link to one of theirs.
      if (process.getuid && (!stat.isDirectory() || stat.uid !== process.getuid())) continue
      accessSync(folder, constants.W_OK | constants.X_OK)
      return folder
    } catch {
      // try the next
    }
  }
  throw new Failure(
    'local.folder.denied',
    `No cache folder can be used (tried ${tried.join(', ')})`,
    {},
    'set MIYABI_CACHE_DIR to a folder that this user owns and may write to',
  )
}
