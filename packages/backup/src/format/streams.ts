import { createHash, type Hash } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'

/**
 * Two thirds of the CPU of zlib's default 6, for files up to a twentieth larger: a backup is written often, and read
 * rarely.
 */
const GZIP_LEVEL = 2

/** Compresses; at most some hundred kilobytes are buffered. */
export const compress = (bytes: AsyncIterable<Uint8Array>): AsyncIterable<Buffer> =>
  through(bytes, createGzip({ level: GZIP_LEVEL, memLevel: 9, chunkSize: 128 * 1024 }))

/** Decompresses. @throws zlib's error, if the bytes are not the output of `compress`. */
export const decompress = (bytes: AsyncIterable<Uint8Array>): AsyncIterable<Buffer> =>
  through(bytes, createGunzip({ chunkSize: 128 * 1024 }))

/** The bytes that a transformation produces; each is read only as fast as the result is consumed. */
async function* through(bytes: AsyncIterable<Uint8Array>, transformation: Duplex): AsyncGenerator<Buffer> {
  const flow = pipeline(bytes, transformation)
  flow.catch(() => {}) // the transformation throws the same to its reader
  try {
    yield* transformation as AsyncIterable<Buffer>
  } finally {
    transformation.destroy()
    await flow.catch(() => {}) // the source has ended, too
  }
}

/** Counts and hashes bytes that pass through. */
export class Meter {
  bytes = 0
  readonly #hash: Hash = createHash('sha256')

  async *pass(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const part of bytes) {
      this.bytes += part.length
      this.#hash.update(part)
      yield part
    }
  }

  /** Ends it. */
  sha256(): string {
    return this.#hash.digest('hex')
  }
}
