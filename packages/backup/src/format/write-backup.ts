import type { KeyObject } from 'node:crypto'
import type { BackupTarget } from '../target/target.js'
import { type FileEntry, type Manifest, PLAIN_MANIFEST, SEALED_MANIFEST } from './manifest.js'
import { manifestText } from './manifest-text.js'
import { seal } from './seal.js'
import { compress, Meter } from './streams.js'

/** Where a backup is written. */
export interface BackupPlace {
  readonly target: BackupTarget
  readonly id: string
  /** Undefined for a backup that is not encrypted. */
  readonly key: KeyObject | undefined
  readonly signal?: AbortSignal | undefined
}

/** The full name of a file, from its contents: `postgres/public.users.copy` is compressed, and may be encrypted. */
export const fileName = ({ key }: BackupPlace, name: string): string => `${name}.gz${key ? '.sealed' : ''}`

/** Stores one file of a backup, compressed, and encrypted if required. */
export async function writeFile(
  { target, id, key, signal }: BackupPlace,
  name: string,
  bytes: AsyncIterable<Uint8Array>,
): Promise<FileEntry> {
  const plain = { bytes: 0 }
  const compressed = compress(counted(bytes, plain))
  const stored = new Meter()
  await target.put(
    `${id}/${name}`,
    stored.pass(key ? seal(compressed, key, { backup: id, file: name }) : compressed),
    signal ? { signal } : {},
  )
  return { name, bytes: stored.bytes, sha256: stored.sha256(), plainBytes: plain.bytes }
}

/** Stores the manifest, the last of the files: it completes the backup. */
export async function writeManifest({ target, id, key, signal }: BackupPlace, manifest: Manifest): Promise<void> {
  const text = once(Buffer.from(manifestText(manifest)))
  const name = key ? SEALED_MANIFEST : PLAIN_MANIFEST
  const bytes = key ? seal(text, key, { backup: id, file: name }) : text
  await target.put(`${id}/${name}`, bytes, signal ? { signal } : {})
}

async function* counted(
  bytes: AsyncIterable<Uint8Array>,
  count: { bytes: number },
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const part of bytes) {
    count.bytes += part.length
    yield part
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
