/** The result of one read of a partition. */
export interface Sighting {
  /** Where it started: an earlier `lookFrom`. */
  readonly from: bigint
  /** The lowest row above that without an attempt; undefined if there is none. */
  readonly lowest: bigint | undefined
  /** The highest row that it returned, if any. */
  readonly highest: bigint | undefined
  /** Transactions below this had ended. */
  readonly xmin: bigint
  /** In milliseconds, of a clock that does not jump. */
  readonly at: number
}

/** A transaction that commits this long after it took its position may be found only by a sweep. In milliseconds. */
const LATE_AFTER_MS = 2000
/** While rows may appear below the starting position, that part is swept this often. In milliseconds. */
const SWEEP_EVERY_MS = 2000
/** Positions of the last seconds; older ones add nothing. */
const MOST_PLACES = 200

/**
 * Where to start reading in a partition: delivered rows are not read again, even if an old snapshot prevents them from
 * being vacuumed.
 *
 * A row may appear below rows that are gone: its transaction took its position, and committed later. A transaction has
 * its id before its first position. So the floor moves only when every transaction has ended whose id is below one that
 * was assigned after the read, to a write of the relay itself. The end of the read's snapshot would be too low: it
 * shows which transactions have ended, not which have started. While an old transaction continues, reads start two
 * seconds behind, and the rest above the floor is swept every two seconds.
 */
export class Floor {
  #floor = 0n
  #highest = 0n
  #near = 0n
  #sweptAt = Number.NEGATIVE_INFINITY
  /** Future floors, once all transactions below `below` have ended. */
  readonly #coming: { readonly floor: bigint; below: bigint | undefined }[] = []
  readonly #seen: { readonly floor: bigint; readonly at: number }[] = []

  /** No row is, or will be, at or below it. */
  get value(): bigint {
    return this.#floor
  }

  /** Where the next read starts: above this. */
  lookFrom(now: number): bigint {
    if (this.#near <= this.#floor) return this.#floor
    if (now - this.#sweptAt < SWEEP_EVERY_MS) return this.#near
    this.#sweptAt = now
    return this.#floor
  }

  /** A write that was started after the last read had this id. */
  wrote(id: bigint): void {
    for (const coming of this.#coming) coming.below ??= id
  }

  see({ from, lowest, highest, xmin, at }: Sighting): void {
    if (highest !== undefined && highest > this.#highest) this.#highest = highest
    const gone = lowest === undefined ? this.#highest : lowest - 1n
    // A read that started higher does not know the rows in between.
    if (from <= this.#floor) {
      for (let next = this.#coming[0]; next?.below !== undefined && next.below <= xmin; next = this.#coming[0]) {
        this.#coming.shift()
        // Rows that appeared below it meanwhile are in this read.
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
