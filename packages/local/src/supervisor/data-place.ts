import { randomBytes } from 'node:crypto'
import { lstatSync, readlinkSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { Failure } from '../shared/failure.js'
import { makeFolder } from '../shared/files.js'
import { canReach, type RunAs, resolveRunAs } from './run-as.js'

export interface DataPlace {
  readonly dataDir: string
  readonly runAs: RunAs | undefined
}

function unreachableCache(cache: string): Failure {
  return new Failure(
    'local.folder.denied',
    `As root, PostgreSQL runs as another user, and that one cannot enter the cache folder ${cache}. Name a folder in ` +
      'MIYABI_CACHE_DIR that others may pass through (mode 711 on it and on every folder above it).',
    { folder: cache },
  )
}

/** Makes a place in the cache for the data of a folder that the server's user cannot enter. */
function placeApart(folder: string, cache: string): string {
  const name = `${path.basename(path.dirname(folder)) || 'root'}-${randomBytes(6).toString('hex')}`
  const apart = path.join(cache, 'stacks', name)
  makeFolder(path.dirname(apart), 0o711)
  makeFolder(apart, 0o711)
  return apart
}

/**
 * Where the data of a stack are: `data` in its folder. As root in a folder that the server's user cannot enter (a clone under a
 * closed home), `data` is a link to a place in the cache: removing the stack's folder still means a fresh start.
 */
export function resolveDataPlace(folder: string, cache: string): DataPlace {
  const own = path.join(folder, 'data')
  const runAs = resolveRunAs(path.join(own, 'postgres'))
  if (!canReach(runAs, cache)) throw unreachableCache(cache)
  const exists = lstatSync(own, { throwIfNoEntry: false })
  if (!exists && !canReach(runAs, folder)) symlinkSync(placeApart(folder, cache), own)
  const dataDir = lstatSync(own, { throwIfNoEntry: false })?.isSymbolicLink()
    ? path.resolve(folder, readlinkSync(own))
    : own
  makeFolder(dataDir, runAs ? 0o711 : 0o700)
  return { dataDir, runAs }
}
