import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { findOwner } from '../shared/owner-file.js'
import { temporaryStacks } from '../shared/temporary-stacks.js'
import { removeTree } from './copy-tree.js'
import { endOrphans } from './orphans.js'

/** A folder this young may belong to an acquirer that has not started its supervisor yet. */
const YOUNG_MS = 60_000

/** Ends and removes the temporary stacks whose supervisor was killed. */
export async function sweepTemporaryStacks(cache: string): Promise<void> {
  const parent = temporaryStacks(cache)
  for (const name of readdirSync(parent)) {
    const folder = path.join(parent, name)
    const ageMs = Date.now() - (statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
    if (ageMs < YOUNG_MS || findOwner(folder)) continue
    await endOrphans(path.join(folder, 'data'))
    await removeTree(folder)
  }
}
