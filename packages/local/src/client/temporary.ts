import { chmodSync, mkdtempSync } from 'node:fs'
import path from 'node:path'
import { cacheFolder, isRoot } from '../shared/cache.js'
import { makeFolder } from '../shared/files.js'
import { temporaryStacks } from '../shared/temporary-stacks.js'
import { namingErrors } from './errors.js'

/**
 * A private folder for a stack that is removed when it ends. It is in the cache, so that the prepared data is on the
 * same disk.
 */
export function makeTemporaryFolder(): string {
  return namingErrors('the cache folder', () => {
    const parent = temporaryStacks(cacheFolder())
    makeFolder(parent, isRoot() ? 0o711 : 0o700)
    const folder = mkdtempSync(path.join(parent, 'stack-'))
    if (isRoot()) chmodSync(folder, 0o711) // the server's own user must be able to traverse it
    return folder
  })
}
