import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

const MAC_BYTES = 32

/** Signs the value of a key, so that nobody without the secret can forge it or move it to another key. */
export class Seal {
  readonly #secret: Buffer

  constructor(secret: string) {
    this.#secret = createHash('sha256').update(`miyabi cache\n${secret}`).digest()
  }

  /** Returns names that reveal nothing about their contents. */
  name(...parts: readonly string[]): string {
    const hash = createHmac('sha256', this.#secret)
    for (const part of parts) hash.update(`${Buffer.byteLength(part)}:${part}`)
    return hash.digest('base64url')
  }

  closed(key: string, body: Buffer): Buffer {
    return Buffer.concat([this.#mac(key, body), body])
  }

  /** Returns the body; undefined if it was not signed for this key. */
  opened(key: string, closed: Buffer): Buffer | undefined {
    if (closed.length < MAC_BYTES) return undefined
    const body = closed.subarray(MAC_BYTES)
    return timingSafeEqual(closed.subarray(0, MAC_BYTES), this.#mac(key, body)) ? body : undefined
  }

  #mac(key: string, body: Buffer): Buffer {
    const hash = createHmac('sha256', this.#secret)
    return hash
      .update(`${Buffer.byteLength(key)}:${key}`)
      .update(body)
      .digest()
  }
}
