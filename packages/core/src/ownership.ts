import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, realpathSync, type Stats } from 'node:fs'

/**
 * Whether a file or folder belongs to this user alone. A file that names the databases and their passwords is trusted
 * only then: any user of the machine may create a `.miyabi` in a world-writable folder, and wait for an application to
 * start below it.
 */

/** The path that may belong to another user, and why. */
export interface Distrust {
  readonly path: string
  /** A clause such as `belongs to user id 1000`. */
  readonly reason: string
}

const OTHERS_WRITE = 0o002
const GROUP_WRITES = 0o020

/**
 * Returns why the contents of `folder` may be another user's: the folder, or the link that leads to it, belongs to
 * another user, or others may write to it. Undefined if it belongs to this user alone, does not exist, or the system
 * has no owners. The folders above do not matter: a user who may write there can replace it, but not by a folder that
 * belongs to this user.
 */
export function distrustFolder(folder: string): Distrust | undefined {
  const link = look(folder)
  if (!link) return undefined
  const folderItself = link.isSymbolicLink() ? look(real(folder)) : link
  return ownerProblem(folder, link) ?? (folderItself && writersProblem(folder, folderItself, OTHERS_WRITE))
}

/** Does the same for a file that this user's own processes write for themselves only; a link is never trusted. */
export function distrustFile(file: string): Distrust | undefined {
  const found = look(file)
  return found && fileProblem(file, found)
}

/**
 * Reads such a file. Undefined if it does not exist or is not trusted; checks the same open file that it reads.
 * @throws the file system's error if the file may not be read.
 */
export function readOwnFile(file: string): string | undefined {
  let fd: number
  try {
    // Neither follows a link nor blocks on a pipe that never ends.
    fd = openSync(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    if (['ENOENT', 'ELOOP', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
  try {
    return fileProblem(file, fstatSync(fd)) ? undefined : readFileSync(fd, 'utf8')
  } finally {
    closeSync(fd)
  }
}

function fileProblem(file: string, found: Stats): Distrust | undefined {
  if (!found.isFile()) return { path: file, reason: found.isSymbolicLink() ? 'is a link' : 'is not a regular file' }
  return ownerProblem(file, found) ?? writersProblem(file, found, OTHERS_WRITE | GROUP_WRITES)
}

function ownerProblem(place: string, { uid }: Stats): Distrust | undefined {
  const own = process.geteuid?.()
  return own === undefined || uid === own ? undefined : { path: place, reason: `belongs to user id ${uid}` }
}

function writersProblem(place: string, { mode }: Stats, writers: number): Distrust | undefined {
  if (process.geteuid === undefined || (mode & writers) === 0) return undefined
  return { path: place, reason: 'is writable by other users' }
}

function look(place: string): Stats | undefined {
  try {
    return lstatSync(place)
  } catch {
    return undefined
  }
}

function real(place: string): string {
  try {
    return realpathSync(place)
  } catch {
    return place
  }
}
