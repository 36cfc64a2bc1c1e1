/**
 * Counts and hashes the rows of a table, or the items, in any order: the hash is the sum of the hashes of the rows. A
 * row is its line of COPY's text format, or of {@link itemLine}, without the line break.
 *
 * It detects accidental differences between two tables, at a third of a microsecond per row, where SHA-256 takes two;
 * deliberate changes are detected by the hashes and the encryption of the files.
 */
export class RowsHash {
  #rows = 0
  #a = 0
  #b = 0

  /** Adds the row in `bytes` from `start` up to `end`. */
  add(bytes: Uint8Array, start = 0, end = bytes.length): void {
    let a = SEED_A ^ (end - start)
    let b = SEED_B
    let at = start
    for (; at + 4 <= end; at += 4) {
      const word =
        byte(bytes, at) | (byte(bytes, at + 1) << 8) | (byte(bytes, at + 2) << 16) | (byte(bytes, at + 3) << 24)
      a = Math.imul(a ^ word, PRIME_A)
      a ^= a >>> 15
      b = Math.imul(b ^ word, PRIME_B)
      b ^= b >>> 13
    }
    for (; at < end; at++) {
      a = Math.imul(a ^ byte(bytes, at), PRIME_A)
      a ^= a >>> 15
      b = Math.imul(b ^ byte(bytes, at), PRIME_B)
      b ^= b >>> 13
    }
    this.#rows += 1
    this.#a = (this.#a + finish(a ^ (b >>> 16))) >>> 0
    this.#b = (this.#b + finish(b ^ (a >>> 16))) >>> 0
  }

  /** Combines the rows of several hashes. */
  static sum(parts: Iterable<RowsHash>): RowsHash {
    const sum = new RowsHash()
    for (const part of parts) {
      sum.#rows += part.#rows
      sum.#a = (sum.#a + part.#a) >>> 0
      sum.#b = (sum.#b + part.#b) >>> 0
    }
    return sum
  }

  get rows(): number {
    return this.#rows
  }

  /** Sixteen hexadecimal digits. */
  get value(): string {
    return hex(this.#a) + hex(this.#b)
  }
}

const SEED_A = 0x2545f491
const SEED_B = 0x4f6cdd1d
const PRIME_A = 0x9e3779b1 | 0
const PRIME_B = 0x85ebca77 | 0

const byte = (bytes: Uint8Array, at: number): number => bytes[at] as number

const hex = (word: number): string => word.toString(16).padStart(8, '0')

/** Each bit of the result depends on each of the word: the end of MurmurHash3, which is in the public domain. */
function finish(word: number): number {
  let mixed = word ^ (word >>> 16)
  mixed = Math.imul(mixed, 0x85ebca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
