/** The shortest time between two log lines about the same subject. In milliseconds. */
const SAME_MS = 60_000
/** The most lines within that time in total. */
const MAX_LINES = 20

/**
 * Limits the number of log lines: one a minute for each subject, and 20 a minute in total. Omitted lines are counted by
 * the next line about the same subject.
 */
export class LineLimit {
  readonly #things = new Map<string, { at: number; leftOut: number }>()
  #minute = { from: Number.NEGATIVE_INFINITY, lines: 0 }

  /** Whether to write a line now: the number of omitted lines about the same subject before it, otherwise undefined. */
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

  /** A subject that was silent for two minutes is forgotten, so there are at most 60 subjects. */
  #begin(now: number): void {
    this.#minute = { from: now, lines: 0 }
    for (const [thing, { at }] of this.#things) if (now >= at + 2 * SAME_MS) this.#things.delete(thing)
  }
}
