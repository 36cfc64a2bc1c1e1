import { randomBytes } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { chmod, mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { type BackupTarget, PARTIAL, type TargetFile } from './target.js'
import { missingTarget, toTargetError } from './target-error.js'

/** The rights of other users there: none. */
const FOLDER_MODE = 0o700
const FILE_MODE = 0o600

/**
 * Backups in a folder that only its owner may enter. It is created if it is missing, but its parent is not: an
 * unmounted disk is not an empty folder.
 * @throws {BackupError} `backup.target_missing`, `backup.target_failed`
 */
export async function openFolder(root: string): Promise<BackupTarget> {
  const name = path.resolve(root)
  const at = { target: name, operation: 'write', file: '' } as const
  try {
    await mkdir(name, { mode: FOLDER_MODE }).catch(ignore('EEXIST'))
    await chmod(name, FOLDER_MODE)
  } catch (error) {
    throw isMissing(error) ? missingTarget(name) : toTargetError(error, at)
  }
  return new Folder(name)
}

class Folder implements BackupTarget {
  readonly name: string
  readonly isRemote = false

  constructor(name: string) {
    this.name = name
  }

  async put(
    key: string,
    body: AsyncIterable<Uint8Array>,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const file = this.#path(key)
    const partial = `${file}.${randomBytes(4).toString('hex')}${PARTIAL}` // a killed process may have left another
    await this.#try('write', key, async () => {
      await stat(this.name) // its folders would be recreated if a disk has gone
      await mkdir(path.dirname(file), { recursive: true, mode: FOLDER_MODE })
    })
    const handle = await this.#try('write', key, () => open(partial, 'wx', FILE_MODE))
    try {
      for await (const bytes of body) {
        signal?.throwIfAborted()
        await this.#try('write', key, () => handle.writeFile(bytes))
      }
      await this.#try('write', key, () => handle.sync())
    } catch (error) {
      await handle.close().catch(() => {})
      await rm(partial, { force: true }).catch(() => {})
      throw error
    }
    await this.#try('write', key, async () => {
      await handle.close()
      await rename(partial, file)
      // The name is in the folder, and the folder in its own.
      for (let folder = path.dirname(file); folder.length >= this.name.length; folder = path.dirname(folder)) {
        await syncFolder(folder)
      }
    })
  }

  async get(key: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    const file = this.#path(key)
    try {
      if (!(await stat(file)).isFile()) return undefined
    } catch (error) {
      if (!isMissing(error)) throw toTargetError(error, { target: this.name, operation: 'read', file: key })
      await this.#try('read', key, () => stat(this.name))
      return undefined
    }
    return this.#read(file, key)
  }

  async *#read(file: string, key: string): AsyncGenerator<Uint8Array> {
    try {
      yield* createReadStream(file, { highWaterMark: 256 * 1024 })
    } catch (error) {
      throw toTargetError(error, { target: this.name, operation: 'read', file: key })
    }
  }

  async *list(prefix: string): AsyncGenerator<TargetFile> {
    const folder = this.#path(prefix.slice(0, prefix.lastIndexOf('/') + 1))
    await this.#try('list', prefix, () => stat(this.name))
    const names = await this.#try('list', prefix, () =>
      readdir(folder, { recursive: true, withFileTypes: true }).catch(ignore('ENOENT', 'ENOTDIR')),
    )
    for (const entry of names ?? []) {
      if (!entry.isFile()) continue
      const file = path.join(entry.parentPath, entry.name)
      const key = path.relative(this.name, file).split(path.sep).join('/')
      if (!key.startsWith(prefix)) continue
      const facts = await this.#try('list', key, () => stat(file).catch(ignore('ENOENT')))
      if (facts) yield { key, bytes: facts.size, modifiedAt: facts.mtime }
    }
  }

  async remove(key: string): Promise<void> {
    const file = this.#path(key)
    await this.#try('remove', key, async () => {
      await rm(file, { force: true })
      for (let folder = path.dirname(file); folder.length > this.name.length; folder = path.dirname(folder)) {
        if (!(await rmdir(folder).then(() => true, ignore('ENOTEMPTY', 'EEXIST', 'ENOENT')))) break
      }
    })
  }

  close(): void {}

  #path(key: string): string {
    return path.join(this.name, ...key.split('/'))
  }

  async #try<T>(operation: 'write' | 'read' | 'list' | 'remove', file: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (isMissing(error) && !(await exists(this.name))) throw missingTarget(this.name)
      throw toTargetError(error, { target: this.name, operation, file })
    }
  }
}

/** Makes a file's new name survive a loss of power. Not every system supports it for a folder. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT'

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  )

/** For `.catch()`: errors that are not a fault here. */
const ignore =
  (...codes: string[]) =>
  (error: unknown): undefined => {
    if (!codes.includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
