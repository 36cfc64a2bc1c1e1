/** The server's OID of the type text. */
const TEXT_OID = 25
/** Dimensions, whether there are nulls, type, then length and lower bound of the one dimension. */
const HEAD_BYTES = 20
const MAX_BYTES_OF_A_UNIT = 3

/**
 * Writes a text[] in the server's binary form, in which nothing is quoted: `count` texts, added one after another. A
 * column of a thousand texts takes microseconds; an array in text form would take as long as everything else.
 */
export class TextArray {
  #buffer = Buffer.allocUnsafe(1024)
  #end = HEAD_BYTES
  #count = 0

  /** Adds a text; null is NULL. */
  add(text: string | null): void {
    this.#count += 1
    if (text === null) {
      this.#reserve(4)
      this.#end = this.#buffer.writeInt32BE(-1, this.#end)
      return
    }
    this.#reserve(4 + text.length * MAX_BYTES_OF_A_UNIT)
    const length = this.#buffer.write(text, this.#end + 4)
    this.#buffer.writeInt32BE(length, this.#end)
    this.#end += 4 + length
  }

  /** The texts added so far, as sent. */
  bytes(): Buffer {
    const buffer = this.#buffer
    buffer.writeInt32BE(1, 0)
    buffer.writeInt32BE(1, 4)
    buffer.writeInt32BE(TEXT_OID, 8)
    buffer.writeInt32BE(this.#count, 12)
    buffer.writeInt32BE(1, 16)
    return buffer.subarray(0, this.#end)
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#end + bytes))
    this.#buffer.copy(larger, 0, 0, this.#end)
    this.#buffer = larger
  }
}
