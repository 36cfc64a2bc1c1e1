import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, realpathSync, type Stats } from 'node:fs'

/**
 * Whether a file or a folder is this user's own work. What says where the databases are, and with which passwords, is
 * believed only then: any user of the machine may put a `.miyabi` into a folder that everybody may write to, and wait
 * for an application to start below it.
 */

/** What may be a stranger's, and why. */
export interface Distrust {
  readonly path: string
  /** A clause such as `belongs to user id 1000`. */
  readonly reason: string
}

const OTHERS_WRITE = 0o002
const GROUP_WRITES = 0o020

/**
 * Why what lies in `folder` may be a stranger's: it, or the link by which it is reached, belongs to somebody else, or
 * everybody may write to it. Undefined where it is this user's own, does not exist, or the system knows no owners. The
 * folders above do not matter: whoever may write there can put another in its place, but not one that belongs to this
 * user.
 */
export function distrustFolder(folder: string): Distrust | undefined {
  const link = look(folder)
  if (!link) return undefined
  const folderItself = link.isSymbolicLink() ? look(real(folder)) : link
  return ownerProblem(folder, link) ?? (folderItself && writersProblem(folder, folderItself, OTHERS_WRITE))
}

/** The same of a file that this user's own processes write for themselves alone; a link is never one. */
export function distrustFile(file: string): Distrust | undefined {
  const found = look(file)
  return found && fileProblem(file, found)
}

/**
 * Reads such a file. Undefined where it does not exist or is a stranger's; looks at the very file that it reads.
 * @throws what the file system throws where it may not be read.
 */
export function readOwnFile(file: string): string | undefined {
  let fd: number
  try {
    // Neither a link nor a pipe that never ends.
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
  if (!found.isFile()) return { path: file, reason: found.isSymbolicLink() ? 'is a link' : 'is no file' }
  return ownerProblem(file, found) ?? writersProblem(file, found, OTHERS_WRITE | GROUP_WRITES)
}

function ownerProblem(place: string, { uid }: Stats): Distrust | undefined {
  const own = process.geteuid?.()
  return own === undefined || uid === own ? undefined : { path: place, reason: `belongs to user id ${uid}` }
}

function writersProblem(place: string, { mode }: Stats, writers: number): Distrust | undefined {
  if (process.geteuid === undefined || (mode & writers) === 0) return undefined
  return { path: place, reason: 'may be written to by other users' }
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
