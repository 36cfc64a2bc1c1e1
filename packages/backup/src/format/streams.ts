import { createHash, type Hash } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'

/**
 * Two thirds of the CPU of zlib's usual 6, for files that are up to a twentieth larger: a backup is written often, and
 * read seldom.
 */
const GZIP_LEVEL = 2

/** Compresses; at most some hundred kilobytes wait in it. */
export const compress = (bytes: AsyncIterable<Uint8Array>): AsyncIterable<Buffer> =>
  through(bytes, createGzip({ level: GZIP_LEVEL, memLevel: 9, chunkSize: 128 * 1024 }))

/** Decompresses. @throws zlib's error, where the bytes are not what `compress` made. */
export const decompress = (bytes: AsyncIterable<Uint8Array>): AsyncIterable<Buffer> =>
  through(bytes, createGunzip({ chunkSize: 128 * 1024 }))

/** What a transformation makes of bytes; each is read only as fast as the result is taken. */
async function* through(bytes: AsyncIterable<Uint8Array>, transformation: Duplex): AsyncGenerator<Buffer> {
  const flow = pipeline(bytes, transformation)
  flow.catch(() => {}) // the transformation throws the same to whoever reads it
  try {
    yield* transformation as AsyncIterable<Buffer>
  } finally {
    transformation.destroy()
    await flow.catch(() => {}) // the source has ended, too
  }
}

/** Counts and hashes bytes that go by. */
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
