import { type BinaryLike, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { open } from 'node:fs/promises'
import { BackupError } from '../errors/errors.js'

export const KEY_BYTES = 32

/** A key as it was read, and a warning about its file. */
export interface ReadKey {
  readonly key: KeyObject
  /** For display; undefined if there is nothing to report. */
  readonly warning: string | undefined
}

/**
 * Reads BACKUP_KEY_FILE: 32 raw bytes.
 * @throws {BackupError} `backup.key_invalid`
 */
export async function readKey(file: string): Promise<ReadKey> {
  const { bytes, mode } = await readFile(file)
  if (bytes.length !== KEY_BYTES) {
    throw invalidKey(
      file,
      `holds ${bytes.length > KEY_BYTES ? 'more than' : `${bytes.length} bytes, not`} ${KEY_BYTES} bytes`,
    )
  }
  if (bytes.every((byte) => byte === bytes[0])) throw invalidKey(file, 'consists of one repeated byte')
  const key = createSecretKey(bytes)
  bytes.fill(0)
  const isOpen = process.platform !== 'win32' && (mode & 0o077) !== 0
  return { key, warning: isOpen ? `other users of this machine may read ${file}: run chmod 600 on it` : undefined }
}

async function readFile(file: string): Promise<{ readonly bytes: Buffer; readonly mode: number }> {
  try {
    await using handle = await open(file, 'r')
    const { mode } = await handle.stat()
    const bytes = Buffer.alloc(KEY_BYTES + 1) // one more byte detects a longer file
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0)
    return { bytes: bytes.subarray(0, bytesRead), mode }
  } catch (cause) {
    throw invalidKey(file, 'cannot be read', cause)
  }
}

const invalidKey = (file: string, problem: string, cause?: unknown): BackupError<'backup.key_invalid'> =>
  new BackupError('backup.key_invalid', `The key file ${file} ${problem}`, {
    details: { file },
    cause,
    remedy: `set BACKUP_KEY_FILE to a file of ${KEY_BYTES} random bytes; \`head -c ${KEY_BYTES} /dev/urandom\` creates one`,
  })

/**
 * The key of one file of one backup (HKDF-SHA256): a file that was moved to another's place, or into another backup,
 * does not decrypt, and no nonce is used twice, as `salt` is random for each file.
 */
export function fileKey(key: KeyObject, salt: BinaryLike, backup: string, file: string): KeyObject {
  const info = `miyabi-backup/1\0${backup}\0${file}`
  return createSecretKey(Buffer.from(hkdfSync('sha256', key, salt, info, KEY_BYTES)))
}
