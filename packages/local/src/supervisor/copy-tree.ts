import { constants } from 'node:fs'
import { chmod, copyFile, lchown, mkdir, open, readdir, readlink, rename, rm, symlink } from 'node:fs/promises'
import path from 'node:path'
import type { RunAs } from './run-as.js'

export interface CopyOptions {
  /** Whose the copies are to be. Default: ours. */
  readonly owner?: RunAs | undefined
  /** Mode of the folders made. */
  readonly folderMode: number
  /** Flush every file to the disk before the copy gets its name. */
  readonly durable?: boolean
}

async function flush(target: string): Promise<void> {
  const handle = await open(target, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
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
      else {
        // Shares the blocks where the file system can (btrfs, XFS, APFS); modes are kept.
        await copyFile(from, to, constants.COPYFILE_FICLONE)
        if (options.durable) await flush(to)
      }
      if (options.owner) await lchown(to, options.owner.uid, options.owner.gid)
    }),
  )
  if (options.owner) await lchown(target, options.owner.uid, options.owner.gid)
  // Windows cannot open a folder; there NTFS keeps names in its own journal.
  if (options.durable && process.platform !== 'win32') await flush(target)
}

/**
 * Copies a folder to a place where nothing is yet, whole or not at all: into a neighbour first, which is renamed at the end.
 * When somebody else was faster, theirs stays.
 */
export async function copyTree(source: string, target: string, options: CopyOptions): Promise<void> {
  const building = `${target}.new-${process.pid}`
  await rm(building, { recursive: true, force: true })
  try {
    await copyInto(source, building, options)
    await moveIntoPlace(building, target)
    if (options.durable && process.platform !== 'win32') await flush(path.dirname(target))
  } catch (error) {
    await rm(building, { recursive: true, force: true })
    throw error
  }
}

/** Gives a finished folder its name, unless somebody else was faster: then ours is dropped. */
export async function moveIntoPlace(building: string, target: string): Promise<void> {
  try {
    await rename(building, target)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && !(process.platform === 'win32' && code === 'EPERM')) throw error
    await rm(building, { recursive: true, force: true })
  }
}
