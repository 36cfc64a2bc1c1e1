/** What one look at a partition showed. */
export interface Sighting {
  /** From where it looked: a `lookFrom` of before. */
  readonly from: bigint
  /** The lowest row above that which nobody has attempted; undefined where there is none. */
  readonly lowest: bigint | undefined
  /** The highest row that it showed, if any. */
  readonly highest: bigint | undefined
  /** Transactions below this had ended. */
  readonly xmin: bigint
  /** In milliseconds, of a clock that does not jump. */
  readonly at: number
}

/** A transaction that commits so long after it took its position may be found by a sweep alone. In milliseconds. */
const LATE_AFTER_MS = 2000
/** While rows may appear below the place from where is looked, that is swept so often. In milliseconds. */
const SWEEP_EVERY_MS = 2000
/** Places of the last seconds; more would tell nothing more. */
const MOST_PLACES = 200

/**
 * From where to look in a partition: what was delivered before is not read again, also where an old snapshot keeps it
 * from being cleaned up.
 *
 * A row may appear below ones that are gone: its transaction took its position, and committed later. A transaction
 * has its id before its first position. So the floor moves only when every transaction has ended whose id is below
 * one that was given out after the look, to a write of the relay's own. The end of the look's snapshot would be too
 * low: it tells which transactions have ended, not which have begun. While one of long ago goes on, looks begin two
 * seconds behind, and the rest above the floor is swept every two seconds.
 */
export class Floor {
  #floor = 0n
  #highest = 0n
  #near = 0n
  #sweptAt = Number.NEGATIVE_INFINITY
  /** Floors to be, once all transactions below `below` have ended. */
  readonly #coming: { readonly floor: bigint; below: bigint | undefined }[] = []
  readonly #seen: { readonly floor: bigint; readonly at: number }[] = []

  /** Nothing is and nothing comes at or below it. */
  get value(): bigint {
    return this.#floor
  }

  /** Where the next look begins: above this. */
  lookFrom(now: number): bigint {
    if (this.#near <= this.#floor) return this.#floor
    if (now - this.#sweptAt < SWEEP_EVERY_MS) return this.#near
    this.#sweptAt = now
    return this.#floor
  }

  /** A write that was begun after the last look had this id. */
  wrote(id: bigint): void {
    for (const coming of this.#coming) coming.below ??= id
  }

  see({ from, lowest, highest, xmin, at }: Sighting): void {
    if (highest !== undefined && highest > this.#highest) this.#highest = highest
    const gone = lowest === undefined ? this.#highest : lowest - 1n
    // A look that began higher knows nothing of what lies between.
    if (from <= this.#floor) {
      for (let next = this.#coming[0]; next?.below !== undefined && next.below <= xmin; next = this.#coming[0]) {
        this.#coming.shift()
        // What has come below it meanwhile is in this look.
        const floor = lowest !== undefined && lowest <= next.floor ? lowest - 1n : next.floor
        if (floor > this.#floor) this.#floor = floor
      }
      const last = this.#coming.at(-1)
      if (gone > (last?.floor ?? this.#floor)) push(this.#coming, { floor: gone, below: undefined })
    }
    for (let next = this.#seen[0]; next && at - next.at >= LATE_AFTER_MS; next = this.#seen[0]) {
      this.#seen.shift()
      this.#near = next.floor
    }
    const last = this.#seen.at(-1)
    if (!last || at - last.at >= LATE_AFTER_MS / MOST_PLACES) push(this.#seen, { floor: gone, at })
  }
}

function push<T>(places: T[], place: T): void {
  places.push(place)
  if (places.length > MOST_PLACES) places.shift()
}
