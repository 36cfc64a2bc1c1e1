import { randomBytes } from 'node:crypto'
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { Failure } from '../shared/failure.js'
import { makeFolder, writePrivateFile } from '../shared/files.js'
import { canReach, type RunAs, resolveRunAs } from './run-as.js'

export interface DataPlace {
  readonly dataDir: string
  readonly runAs: RunAs | undefined
}

function unreachableCache(cache: string): Failure {
  return new Failure(
    'local.folder.denied',
    `As root, PostgreSQL runs as another user, which cannot enter the cache folder ${cache}`,
    { folder: cache },
    'set MIYABI_CACHE_DIR to a folder that other users may traverse (mode 711 on it and on every folder above it)',
  )
}

/** In each separate data folder, the file that names its stack folder. */
const OWNER_NOTE = 'stack-folder'
/** Separate data whose stack folder is gone (a removed clone) is removed after being unused for this long. */
const UNUSED_MS = 7 * 24 * 3_600_000

function removeAbandoned(parent: string): void {
  for (const name of readdirSync(parent)) {
    const note = path.join(parent, name, OWNER_NOTE)
    const noted = statSync(note, { throwIfNoEntry: false })
    if (!noted || Date.now() - noted.mtimeMs < UNUSED_MS || existsSync(readFileSync(note, 'utf8'))) continue
    rmSync(path.join(parent, name), { recursive: true, force: true })
  }
}

/** Creates a folder in the cache for the data of a stack folder that the server's user cannot enter. */
function placeApart(folder: string, cache: string): string {
  const parent = path.join(cache, 'stacks')
  makeFolder(parent, 0o711)
  removeAbandoned(parent)
  return path.join(parent, `${path.basename(path.dirname(folder)) || 'root'}-${randomBytes(6).toString('hex')}`)
}

/**
 * The location of a stack's data: `data` in its folder. As root in a folder that the server's user cannot enter (a
 * clone in a private home), `data` is a link to a folder in the cache: removing the stack's folder still means a fresh
 * start.
 */
export async function resolveDataPlace(folder: string, cache: string): Promise<DataPlace> {
  const own = path.join(folder, 'data')
  const runAs = await resolveRunAs(path.join(own, 'postgres'))
  const exists = lstatSync(own, { throwIfNoEntry: false })
  const [hasCache, hasFolder] = await Promise.all([canReach(runAs, cache), exists || canReach(runAs, folder)])
  if (!hasCache) throw unreachableCache(cache)
  if (!hasFolder) symlinkSync(placeApart(folder, cache), own)
  const isApart = lstatSync(own, { throwIfNoEntry: false })?.isSymbolicLink()
  const dataDir = isApart ? path.resolve(folder, readlinkSync(own)) : own
  makeFolder(dataDir, runAs ? 0o711 : 0o700)
  if (isApart) writePrivateFile(path.join(dataDir, OWNER_NOTE), folder)
  return { dataDir, runAs }
}
