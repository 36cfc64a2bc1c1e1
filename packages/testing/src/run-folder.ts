import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { isStillRunning, type ProcessMark, startMark } from '@miyabi/core'

/**
 * Linux keeps this folder in memory. A run creates and drops hundreds of databases with hundreds of files each, and
 * whenever ext4 creates a file it skips over those deleted in the last minutes: there, the hundredth database of a run
 * costs twenty times as much as the first.
 */
const IN_MEMORY = '/dev/shm'

/** A whole run takes 1.2 GB at its largest. */
const ROOM_BYTES = 4 * 2 ** 30
const MEMORY_BYTES = 6 * 2 ** 30

const PREFIX = 'miyabi-test-run-'
const OWNER = 'owner.json'
/** The cache folder of @miyabi/local, which keeps its temporary stacks in there. */
export const CACHE = 'cache'

/**
 * The folder of one test run: everything that a test, or one of its processes, puts into the system's temporary folder
 * is in here.
 */
export interface RunFolder {
  /** Removes it; processes using it must have ended. */
  remove(): void
}

/**
 * Creates it, in memory if there is room, and directs this process and its children there by `TMPDIR`; if in memory,
 * also the embedded stacks by `MIYABI_CACHE_DIR`. Leftovers of killed runs are removed first.
 */
export function makeRunFolder(): RunFolder {
  const system = tmpdir()
  for (const place of [IN_MEMORY, system]) removeDeadRuns(place)
  const inMemory = makeInMemory()
  const folder = inMemory ?? makeIn(system)
  const temporary = path.join(folder, 'tmp')
  mkdirSync(temporary)
  chmodSync(temporary, 0o1777) // servers may run as another user
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) process.env[name] = temporary
  if (inMemory) process.env['MIYABI_CACHE_DIR'] ??= path.join(inMemory, CACHE)

  const onExit = (): void => removeLater(folder)
  process.once('exit', onExit)
  return {
    remove() {
      process.off('exit', onExit)
      removeTree(folder)
    },
  }
}

function makeIn(place: string): string {
  const folder = mkdtempSync(path.join(place, PREFIX))
  chmodSync(folder, 0o711) // the servers' user must be able to traverse it
  const owner: ProcessMark = { pid: process.pid, started: startMark(process.pid) }
  writeFileSync(path.join(folder, OWNER), JSON.stringify(owner))
  return folder
}

function makeInMemory(): string | undefined {
  if (!hasRoom()) return undefined
  const folder = makeIn(IN_MEMORY)
  if (runsPrograms(folder)) return folder
  removeTree(folder)
  return undefined
}

function hasRoom(): boolean {
  try {
    const { bavail, bsize } = statfsSync(IN_MEMORY)
    return bavail * bsize >= ROOM_BYTES && process.availableMemory() >= MEMORY_BYTES
  } catch {
    return false // not Linux
  }
}

/** Containers may forbid it, and some tests copy a server's binaries there. */
function runsPrograms(folder: string): boolean {
  const program = path.join(folder, 'program')
  writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 })
  return spawnSync(program).status === 0
}

/** Removes the folders in `place` of runs whose process is gone. */
export function removeDeadRuns(place: string): void {
  for (const name of namesIn(place)) {
    if (!name.startsWith(PREFIX)) continue
    const folder = path.join(place, name)
    try {
      const owner = JSON.parse(readFileSync(path.join(folder, OWNER), 'utf8')) as ProcessMark
      if (!isStillRunning(owner)) removeTree(folder)
    } catch {
      // another user's, or just being created
    }
  }
}

function namesIn(place: string): string[] {
  try {
    return readdirSync(place)
  } catch {
    return []
  }
}

/** A process that is about to exit (Ctrl-C) cannot wait for its servers to end and clean up; a child can. */
function removeLater(folder: string): void {
  const script = createRequire(import.meta.url).resolve('#remove')
  spawn(process.execPath, [script, folder], { detached: true, stdio: 'ignore', cwd: path.parse(folder).root }).unref()
}

/** Repeated if an ending process created another file in the meantime; the rest is removed by the next run. */
export function removeTree(folder: string): void {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    try {
      rmSync(folder, { recursive: true, force: true })
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error
    }
  }
}
