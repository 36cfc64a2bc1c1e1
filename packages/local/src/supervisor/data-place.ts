import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { isRoot } from '../shared/cache.js'
import { makeFolder } from '../shared/files.js'
import { canReach, type RunAs, resolveRunAs } from './run-as.js'

export interface DataPlace {
  readonly dataDir: string
  readonly runAs: RunAs | undefined
}

/**
 * Where the data of a stack are: `data` in its folder. As root in a folder that the server's user cannot enter (a clone under a
 * closed home) they are in the cache, under a name made from the folder's path, and stay there from then on.
 */
export function resolveDataPlace(folder: string, cache: string): DataPlace {
  const own = path.join(folder, 'data')
  const key = createHash('sha256').update(folder).digest('hex').slice(0, 12)
  const apart = path.join(cache, 'stacks', `${path.basename(path.dirname(folder)) || 'root'}-${key}`)
  const runAs = resolveRunAs([path.join(own, 'postgres'), path.join(apart, 'postgres')])
  const isApart = isRoot() && (existsSync(apart) || (!existsSync(own) && !canReach(runAs, folder)))
  const dataDir = isApart ? apart : own
  if (isApart) makeFolder(path.dirname(apart), 0o711)
  makeFolder(dataDir, runAs ? 0o711 : 0o700)
  return { dataDir, runAs }
}
