import { existsSync, readFileSync, statfsSync, statSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { makeFolder, writePrivateFile } from '../../shared/files.js'
import { constructionFolder, copyTree, moveIntoPlace, removeTree } from '../copy-tree.js'
import type { RunAs } from '../run-as.js'
import type { PostgresBinaries } from './binaries.js'
import { type Credentials, newCredentials, passwords } from './roles.js'
import { runSingleUser } from './single-user.js'

/** The disk space that must remain free. */
const FREE_BYTES = 1024 ** 3

/**
 * A copy of the prepared folder, kept beside it for the next new stack, with unique passwords: a stack takes it by
 * renaming it, so only one can.
 */
const spareOf = (prepared: string): string => `${path.dirname(prepared)}-spare`

const DATA = 'data'
const CREDENTIALS = 'credentials.json'

/** Nothing was flushed to the disk: after the machine crashed it may be incomplete. */
const isOfThisBoot = (folder: string): boolean => statSync(folder).mtimeMs > Date.now() - os.uptime() * 1000

/**
 * Creates the spare, if there is none. It takes as long as a new stack without it, so it is created while a stack is
 * running.
 */
export async function makeSpare(prepared: string, binaries: PostgresBinaries, runAs: RunAs | undefined): Promise<void> {
  const spare = spareOf(prepared)
  const { bavail, bsize } = statfsSync(path.dirname(prepared))
  if (existsSync(spare) || bavail * bsize < FREE_BYTES) return
  const building = await constructionFolder(spare)
  try {
    makeFolder(building, 0o711)
    const credentials = newCredentials()
    writePrivateFile(path.join(building, CREDENTIALS), JSON.stringify(credentials))
    await copyTree(prepared, path.join(building, DATA), {
      owner: runAs,
      folderMode: 0o700,
      finish: (copy) => runSingleUser(binaries, copy, passwords(credentials), { runAs, durable: false }),
    })
    await moveIntoPlace(building, spare)
  } catch (error) {
    await removeTree(building)
    throw error
  }
}

/**
 * Turns the spare into a stack's data folder.
 * @param finish called with its data and its passwords, before it gets its name.
 * @returns false if there is none, if another stack was faster, or if it is on another disk.
 */
export async function takeSpare(
  prepared: string,
  folder: string,
  finish: (data: string, credentials: Credentials) => Promise<void>,
): Promise<boolean> {
  const taken = await constructionFolder(folder)
  try {
    await rename(spareOf(prepared), taken)
  } catch {
    return false
  }
  try {
    if (!isOfThisBoot(taken)) return false
    const data = path.join(taken, DATA)
    await finish(data, JSON.parse(readFileSync(path.join(taken, CREDENTIALS), 'utf8')) as Credentials)
    await moveIntoPlace(data, folder)
    return true
  } finally {
    await removeTree(taken)
  }
}
