import { constants } from 'node:fs'
import { chmod, copyFile, lchown, mkdir, readdir, readlink, rename, rm, symlink, unlink } from 'node:fs/promises'
import path from 'node:path'
import { isRunning } from '@miyabi/core'
import type { RunAs } from './run-as.js'

export interface CopyOptions {
  /** The owner of the copies. Default: this user. */
  readonly owner?: RunAs | undefined
  /** Mode of the created folders. */
  readonly folderMode: number
  /** A step applied to the whole copy before it gets its name. */
  readonly finish?: (copy: string) => Promise<void>
}

async function copyInto(source: string, target: string, options: CopyOptions): Promise<void> {
  await mkdir(target)
  await chmod(target, options.folderMode)
  const entries = await readdir(source, { withFileTypes: true })
  await Promise.all(
    entries.map(async (entry) => {
      const [from, to] = [path.join(source, entry.name), path.join(target, entry.name)]
      if (entry.isDirectory()) return copyInto(from, to, options)
      if (entry.isSymbolicLink()) await symlink(await readlink(from), to)
      // Shares the blocks if the file system supports it (btrfs, XFS, APFS); modes are kept.
      else await copyFile(from, to, constants.COPYFILE_FICLONE)
      if (options.owner) await lchown(to, options.owner.uid, options.owner.gid)
    }),
  )
  if (options.owner) await lchown(target, options.owner.uid, options.owner.gid)
}

/**
 * Atomically copies a folder to a path that does not exist yet: to a sibling first, which is renamed at the end. If
 * another process was faster, its copy stays.
 */
export async function copyTree(source: string, target: string, options: CopyOptions): Promise<void> {
  const building = await constructionFolder(target)
  try {
    await copyInto(source, building, options)
    await options.finish?.(building)
    await moveIntoPlace(building, target)
  } catch (error) {
    await removeTree(building)
    throw error
  }
}

/** Removes a folder recursively. Several times faster than Node's own function on thousands of files. */
export async function removeTree(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  await Promise.all(
    entries.map(async (entry) => {
      const target = path.join(folder, entry.name)
      await (entry.isDirectory() ? removeTree(target) : unlink(target).catch(() => {}))
    }),
  )
  await rm(folder, { recursive: true, force: true })
}

/** Returns a name for a temporary folder beside `target`; incomplete ones left by killed processes are removed. */
export async function constructionFolder(target: string): Promise<string> {
  const parent = path.dirname(target)
  const leftOver = (await readdir(parent)).filter((name) => {
    const builder = name.startsWith(path.basename(target)) && /\.new-(\d+)$/.exec(name)?.[1]
    return builder && (Number(builder) === process.pid || !isRunning(Number(builder)))
  })
  await Promise.all(leftOver.map((name) => removeTree(path.join(parent, name))))
  return `${target}.new-${process.pid}`
}

/** Gives a finished folder its name, unless another process was faster: then ours is removed. */
export async function moveIntoPlace(building: string, target: string): Promise<void> {
  try {
    await rename(building, target)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && !(process.platform === 'win32' && code === 'EPERM')) throw error
    await removeTree(building)
  }
}
