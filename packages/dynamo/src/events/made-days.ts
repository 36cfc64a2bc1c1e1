import { DAY_MS } from './shards.js'

/** So many days are remembered; more happen only where a clock runs wild. */
const MAX_REMEMBERED = 100

/**
 * The UTC days of the ids that this process made. Ids made while its clock was ahead lie on days that nobody would look
 * through otherwise, nor take for right.
 */
export class MadeDays {
  /** By their beginnings, the latest noted last. */
  readonly #days = new Set<number>()
  #last: number | undefined

  note(ms: number): void {
    const day = dayStartOf(ms)
    if (day === this.#last) return
    this.#last = day
    this.#days.delete(day)
    this.#days.add(day)
    const [oldest] = this.#days
    if (this.#days.size > MAX_REMEMBERED && oldest !== undefined) this.#days.delete(oldest)
  }

  /** Whether an id was made here on the day of this moment. */
  has(ms: number): boolean {
    return this.#days.has(dayStartOf(ms))
  }

  /** The beginnings of the days after that of a moment, in order. */
  after(ms: number): number[] {
    return [...this.#days].filter((day) => day > ms).sort((a, b) => a - b)
  }
}

const dayStartOf = (ms: number): number => ms - (ms % DAY_MS)
