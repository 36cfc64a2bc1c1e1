import { createCipheriv, type KeyObject, randomBytes } from 'node:crypto'
import { fileKey } from './key.js'

/** The first bytes of an encrypted file. The digit is the format's version. */
export const MAGIC = Buffer.from('MIYABKP1')
export const SALT_BYTES = 32
export const HEADER_BYTES = MAGIC.length + SALT_BYTES

/** What is encrypted at a time; every chunk has this size, except for the last. */
export const CHUNK_BYTES = 64 * 1024
export const TAG_BYTES = 16
export const ALGORITHM = 'aes-256-gcm'

/** The file that it belongs to. */
export interface FileOf {
  readonly backup: string
  readonly file: string
}

/**
 * The nonce of a chunk: its number, and whether it is the last. So chunks that are reordered, omitted, or appended
 * after the last do not decrypt, and neither does a file that is truncated at the end of a chunk (the STREAM
 * construction, https://eprint.iacr.org/2015/189).
 */
export function nonceOf(chunk: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUInt32BE(chunk, 7)
  nonce[11] = isLast ? 1 : 0
  return nonce
}

/** What every chunk is authenticated with. */
export const associatedData = ({ backup, file }: FileOf): Buffer => Buffer.from(`${backup}\0${file}`)

/** Encrypts a file: a header, then chunks of AES-256-GCM, each followed by its tag. */
export async function* seal(
  plain: AsyncIterable<Uint8Array>,
  key: KeyObject,
  of: FileOf,
): AsyncGenerator<Buffer, void, undefined> {
  const salt = randomBytes(SALT_BYTES)
  const own = fileKey(key, salt, of.backup, of.file)
  const data = associatedData(of)
  let chunk = 0
  const encrypt = (bytes: Uint8Array, isLast: boolean): Buffer => {
    const cipher = createCipheriv(ALGORITHM, own, nonceOf(chunk, isLast)).setAAD(data)
    chunk += 1
    return Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
  }

  yield Buffer.concat([MAGIC, salt])
  let rest = Buffer.alloc(0)
  for await (const bytes of plain) {
    rest = rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([rest, bytes])
    // A complete chunk is held back until there is more: it may be the last.
    let at = 0
    for (; rest.length - at > CHUNK_BYTES; at += CHUNK_BYTES) yield encrypt(rest.subarray(at, at + CHUNK_BYTES), false)
    rest = rest.subarray(at)
  }
  yield encrypt(rest, true)
}
