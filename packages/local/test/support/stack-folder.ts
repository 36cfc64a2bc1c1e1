import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, expect } from 'vitest'
import { processesOf } from './processes.js'

/**
 * A folder for the stacks of one test file, used by its tests one after the other. After each of them no process of the
 * stack may be left.
 */
export function useStackFolder(): string {
  const folder = mkdtempSync(path.join(realpathSync(os.tmpdir()), 'miyabi-local-'))
  chmodSync(folder, 0o711) // as root the servers run as another user, who must pass
  afterEach(async () => {
    try {
      await expect.poll(() => processesOf(folder), { interval: 20 }).toEqual([])
    } finally {
      for (const { pid } of processesOf(folder)) process.kill(pid, 'SIGKILL')
    }
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
