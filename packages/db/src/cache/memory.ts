import type { Entry } from './entry.js'

interface Kept {
  readonly entry: Entry
  readonly tags: readonly string[]
  /** How many entries had been moved to the end when this one was. */
  turn: number
}

/** Size of an entry in addition to its value, in bytes. */
const OVERHEAD = 300
/** Size of each tag of an entry in addition to its text in the key, in bytes. */
const TAG_OVERHEAD = 100

/** The in-process level: the most recently used entries, within limits, indexed by key and by tag. */
export class MemoryLevel {
  readonly #maxBytes: number
  readonly #maxEntries: number
  /** Ordered by use: the most recently used entries are last. */
  readonly #entries = new Map<string, Kept>()
  readonly #byTag = new Map<string, Set<string>>()
  #bytes = 0
  #turns = 0

  constructor(limits: { readonly maxBytes: number; readonly maxEntries: number }) {
    this.#maxBytes = limits.maxBytes
    this.#maxEntries = limits.maxEntries
  }

  get size(): number {
    return this.#entries.size
  }

  get bytes(): number {
    return this.#bytes
  }

  get(key: string): Entry | undefined {
    const kept = this.#entries.get(key)
    if (!kept) return undefined
    // At most a quarter of all entries can be behind a recently moved one, so it is not about to be evicted.
    if (this.#turns - kept.turn > this.#entries.size / 4) this.#toEnd(key, kept)
    return kept.entry
  }

  set(key: string, entry: Entry, tags: readonly string[]): void {
    this.delete(key)
    const bytes = bytesOf(key, entry, tags)
    if (bytes > this.#maxBytes) return
    this.#toEnd(key, { entry, tags, turn: 0 })
    this.#bytes += bytes
    for (const tag of tags) {
      const keys = this.#byTag.get(tag)
      if (keys) keys.add(key)
      else this.#byTag.set(tag, new Set([key]))
    }
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes && this.#entries.size <= this.#maxEntries) return
      this.delete(oldest)
    }
  }

  delete(key: string): void {
    const kept = this.#entries.get(key)
    if (!kept) return
    this.#entries.delete(key)
    this.#bytes -= bytesOf(key, kept.entry, kept.tags)
    for (const tag of kept.tags) {
      const keys = this.#byTag.get(tag)
      keys?.delete(key)
      if (keys?.size === 0) this.#byTag.delete(tag)
    }
  }

  /** Drops the entries of a tag that were read at or before a position. */
  drop(tag: string, lsn: bigint): void {
    for (const key of [...(this.#byTag.get(tag) ?? [])]) {
      const kept = this.#entries.get(key)
      if (kept && kept.entry.position.lsn <= lsn) this.delete(key)
    }
  }

  #toEnd(key: string, kept: Kept): void {
    kept.turn = ++this.#turns
    this.#entries.delete(key)
    this.#entries.set(key, kept)
  }

  clear(): void {
    this.#entries.clear()
    this.#byTag.clear()
    this.#bytes = 0
  }
}

const bytesOf = (key: string, { bytes }: Entry, tags: readonly string[]): number =>
  bytes + key.length * 2 + OVERHEAD + tags.length * TAG_OVERHEAD
