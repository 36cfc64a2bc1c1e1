/** How often a line may be written of the same thing. In milliseconds. */
const SAME_MS = 60_000
/** How many lines may be written within that time of everything. */
const MAX_LINES = 20

/**
 * Bounds how many lines a log gets: one a minute of each thing, and 20 a minute of all. What was left out is counted by
 * the next line of the same thing.
 */
export class LineLimit {
  readonly #things = new Map<string, { at: number; leftOut: number }>()
  #minute = { from: Number.NEGATIVE_INFINITY, lines: 0 }

  /** Whether to write a line at this time: how many of the same were left out before it, else undefined. */
  take(thing: string, now: number): number | undefined {
    if (now >= this.#minute.from + SAME_MS) this.#begin(now)
    const known = this.#things.get(thing)
    if (known && now < known.at + SAME_MS) {
      known.leftOut += 1
      return undefined
    }
    if (this.#minute.lines >= MAX_LINES) return undefined
    this.#minute.lines += 1
    this.#things.set(thing, { at: now, leftOut: 0 })
    return known?.leftOut ?? 0
  }

  /** What has been silent for two minutes is forgotten, so that there are 60 things at most. */
  #begin(now: number): void {
    this.#minute = { from: now, lines: 0 }
    for (const [thing, { at }] of this.#things) if (now >= at + 2 * SAME_MS) this.#things.delete(thing)
  }
}
