import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { distrustFile, isStillRunning, type ProcessMark, startMark } from '@miyabi/core'
import { strangersFailure } from './failure.js'
import { writePrivateFile } from './files.js'

/**
 * The owner of a stack folder. Each supervisor creates `owner.<n>.json` with n one above the highest it sees; the file
 * system lets only one process create a given name, and a process that then sees another live owner withdraws. So any
 * number of starters end up with one owner, a dead owner blocks nobody, and the file of a live process is never
 * removed.
 */
export interface Owner extends ProcessMark {
  /** Loopback port of the control connection. */
  readonly port: number
  readonly token: string
  /** Whether the stack keeps running without leases. A supervisor that takes over from a crashed one keeps this. */
  readonly held: boolean
}

interface OwnerFile {
  readonly file: string
  readonly number: number
  readonly owner: Owner | undefined
  readonly alive: boolean
}

const NAME = /^owner\.(\d+)\.json$/
/** An empty file is just being written, unless it is older than this. */
const WRITING_MS = 5_000

function readOwner(file: string): { owner: Owner | undefined; alive: boolean } {
  const doubt = distrustFile(file)
  if (doubt) throw strangersFailure(doubt)
  let owner: Owner
  try {
    owner = JSON.parse(readFileSync(file, 'utf8')) as Owner
  } catch (error) {
    if (!(error instanceof SyntaxError)) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { owner: undefined, alive: false }
      throw error
    }
    const ageMs = Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0)
    // Compared both ways: after a clock was set back, a broken file must not look new for years.
    return { owner: undefined, alive: Math.abs(ageMs) < WRITING_MS }
  }
  return { owner, alive: isStillRunning(owner) }
}

function listOwners(folder: string): OwnerFile[] {
  const names = readdirSync(folder).flatMap((name) => {
    const number = NAME.exec(name)?.[1]
    return number === undefined ? [] : [{ file: path.join(folder, name), number: Number(number) }]
  })
  return names.sort((a, b) => b.number - a.number).map((entry) => ({ ...entry, ...readOwner(entry.file) }))
}

/**
 * The live owner of a folder, or undefined. Throws the file system's error if the owner's file may not be read, and a
 * failure if it belongs to another user.
 */
export function findOwner(folder: string): Owner | undefined {
  return listOwners(folder).find((entry) => entry.alive && entry.owner)?.owner
}

export interface Claim {
  /** False once the folder was removed, or its owner's file was overwritten: this process then no longer owns it. */
  isOurs(): boolean
  /** The hold that a crashed owner left behind. */
  readonly inheritedHold: boolean
  /** Whether an owner died here without cleaning up. */
  readonly afterCrash: boolean
  setHeld(held: boolean): void
  release(): void
}

function holdsToken(file: string, token: string): boolean {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as Owner | null)?.token === token
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Running out of file handles, for example, proves nothing.
    return !(error instanceof SyntaxError || code === 'ENOENT' || code === 'ENOTDIR')
  }
}

/** Makes this process the owner of `folder`, or returns undefined because another live process is. */
export function claimFolder(
  folder: string,
  control: { readonly port: number; readonly token: string },
): Claim | undefined {
  const seen = listOwners(folder)
  if (seen.some((entry) => entry.alive)) return undefined
  const file = path.join(folder, `owner.${(seen[0]?.number ?? 0) + 1}.json`)
  const inheritedHold = seen.some((entry) => entry.owner?.held)
  const owner: Owner = { pid: process.pid, started: startMark(process.pid), ...control, held: inheritedHold }
  try {
    writeFileSync(file, JSON.stringify(owner), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined
    throw error
  }
  const others = listOwners(folder).filter((entry) => entry.file !== file)
  if (others.some((entry) => entry.alive)) {
    rmSync(file, { force: true })
    return undefined
  }
  for (const other of others) rmSync(other.file, { force: true })
  const isOurs = (): boolean => holdsToken(file, control.token)
  return {
    inheritedHold,
    afterCrash: seen.length > 0,
    isOurs,
    setHeld: (held) => writePrivateFile(file, JSON.stringify({ ...owner, held })),
    release: () => {
      if (isOurs()) rmSync(file, { force: true })
    },
  }
}
