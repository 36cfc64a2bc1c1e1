import type { OutboxRow } from './row.js'

/** A waiting row is met again every ten seconds; one not met for this long is gone. In milliseconds. */
const MET_WITHIN_MS = 60_000
/** The most that are counted. */
const MOST_ROWS = 10_000

/** Rows that a relay has met and has no handler for, each counted once. */
export class UnknownRows {
  readonly #met = new Map<bigint, { readonly name: string; readonly at: number }>()
  readonly #now: () => number

  /** @param now milliseconds of a clock that does not jump. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  meet({ position, topic, version }: Pick<OutboxRow, 'position' | 'topic' | 'version'>): void {
    if (this.#met.size < MOST_ROWS || this.#met.has(position))
      this.#met.set(position, { name: `${topic}@${version}`, at: this.#now() })
  }

  /** How many there are, by `topic@version`. */
  get counts(): Record<string, number> {
    const since = this.#now() - MET_WITHIN_MS
    const counts = new Map<string, number>()
    for (const [position, { name, at }] of this.#met) {
      if (at < since) this.#met.delete(position)
      else counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    return Object.fromEntries(counts)
  }
}
