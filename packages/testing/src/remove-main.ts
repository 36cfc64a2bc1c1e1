import { readdirSync } from 'node:fs'
import path from 'node:path'
import { sleep } from '@miyabi/core'
import { CACHE, removeTree } from './run-folder.js'

/**
 * Run as a separate process by a test run that exits without closing: removes its folder once its temporary stacks are
 * gone.
 */
const folder = process.argv[2] ?? ''
const stacks = path.join(folder, CACHE, 'temporary')

for (let attempt = 0; attempt < 150 && hasStacks(); attempt += 1) await sleep(100)
removeTree(folder)

function hasStacks(): boolean {
  try {
    return readdirSync(stacks).length > 0
  } catch {
    return false
  }
}
