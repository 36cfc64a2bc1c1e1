import { chown, type FileHandle, mkdir, open, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { MANIFEST, verifyManifest } from './manifest.js'
import type { BackupFrame } from './receive.js'
import { type TarEntry, TarReader, type TarSink } from './tar.js'

/** The owner of the files. */
export interface Owner {
  readonly uid: number
  readonly gid: number
}

/**
 * Unpacks a base backup into a new folder, and verifies it against its manifest.
 * @throws {Error} if it is damaged, or contains tablespaces, which our data folders never have.
 */
export async function unpackBaseBackup(
  frames: AsyncIterable<BackupFrame>,
  folder: string,
  owner: Owner | undefined,
): Promise<void> {
  await makeFolder(folder, owner)
  const manifest: Buffer[] = []
  let reader: TarReader | undefined
  const sink = new Files(folder, owner)
  try {
    for await (const frame of frames) {
      if (frame.type === 'archive') {
        if (frame.name !== 'base.tar') throw new Error(`tablespaces are not supported: ${frame.name}`)
        reader = new TarReader(sink)
      } else if (frame.type === 'data') await reader?.take(frame.bytes)
      else manifest.push(frame.bytes)
    }
    reader?.finish()
  } finally {
    await sink.close()
  }
  await writeFile(path.join(folder, MANIFEST), Buffer.concat(manifest), { mode: 0o600 })
  if (owner) await chown(path.join(folder, MANIFEST), owner.uid, owner.gid)
  const problems = await verifyManifest(folder)
  if (problems.length > 0)
    throw new Error(`the base backup differs from what was sent: ${problems.slice(0, 5).join(', ')}`)
}

async function makeFolder(folder: string, owner: Owner | undefined): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if (owner) await chown(folder, owner.uid, owner.gid)
}

/** Writes the files of an archive. */
class Files implements TarSink {
  readonly #folder: string
  readonly #owner: Owner | undefined
  #file: FileHandle | undefined

  constructor(folder: string, owner: Owner | undefined) {
    this.#folder = folder
    this.#owner = owner
  }

  async begin({ name, type, mode }: TarEntry): Promise<void> {
    const target = path.join(this.#folder, name)
    if (!`${target}/`.startsWith(`${this.#folder}/`)) throw new Error(`the archive leads out of its folder: ${name}`)
    if (type === 'link') throw new Error(`tablespaces are not supported: ${name}`)
    if (type === 'folder') return makeFolder(target, this.#owner)
    // Never through a link, and never over an existing file: each file is sent once.
    this.#file = await open(target, 'wx', mode & 0o700 ? mode & 0o777 : 0o600)
    if (this.#owner) await this.#file.chown(this.#owner.uid, this.#owner.gid)
  }

  async write(bytes: Buffer): Promise<void> {
    await this.#file?.writeFile(bytes)
  }

  end(): Promise<void> {
    return this.close()
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }
}
