import { createDecipheriv, type KeyObject } from 'node:crypto'
import { damaged } from '../errors/errors.js'
import { fileKey } from './key.js'
import { ALGORITHM, associatedData, CHUNK_BYTES, type FileOf, HEADER_BYTES, MAGIC, nonceOf, TAG_BYTES } from './seal.js'

const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES

/**
 * Decrypts what {@link seal} has encrypted, as this exact file of this exact backup. It only returns authenticated
 * bytes; that the file is complete is certain at its end.
 * @throws {BackupError} `backup.damaged`
 */
export async function* unseal(
  sealed: AsyncIterable<Uint8Array>,
  key: KeyObject,
  of: FileOf,
): AsyncGenerator<Buffer, void, undefined> {
  const data = associatedData(of)
  let own: KeyObject | undefined
  let chunk = 0
  const decrypt = (bytes: Buffer, isLast: boolean): Buffer => {
    if (own === undefined) throw damaged(of.backup, of.file, 'is truncated')
    const end = bytes.length - TAG_BYTES
    if (end < 0) throw damaged(of.backup, of.file, 'is truncated')
    const decipher = createDecipheriv(ALGORITHM, own, nonceOf(chunk, isLast), { authTagLength: TAG_BYTES })
    decipher.setAAD(data).setAuthTag(bytes.subarray(end))
    try {
      const plain = Buffer.concat([decipher.update(bytes.subarray(0, end)), decipher.final()])
      chunk += 1
      return plain
    } catch {
      throw damaged(of.backup, of.file, `does not decrypt from chunk ${chunk} on: it was changed, or belongs elsewhere`)
    }
  }

  let rest = Buffer.alloc(0)
  for await (const bytes of sealed) {
    rest = rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([rest, bytes])
    if (own === undefined) {
      if (rest.length < HEADER_BYTES) continue
      if (!rest.subarray(0, MAGIC.length).equals(MAGIC))
        throw damaged(of.backup, of.file, 'is not an encrypted backup file')
      own = fileKey(key, rest.subarray(MAGIC.length, HEADER_BYTES), of.backup, of.file)
      rest = rest.subarray(HEADER_BYTES)
    }
    let at = 0
    for (; rest.length - at > SEALED_CHUNK_BYTES; at += SEALED_CHUNK_BYTES) {
      yield decrypt(rest.subarray(at, at + SEALED_CHUNK_BYTES), false)
    }
    rest = rest.subarray(at)
  }
  yield decrypt(rest, true)
}
