import { DAY_MS } from './shards.js'

/** The most days that are remembered; more occur only if a clock is far off. */
const MAX_REMEMBERED = 100

/**
 * The UTC days of the ids that this process made. Ids made while its clock was ahead are on days that would otherwise
 * be neither read nor accepted.
 */
export class MadeDays {
  /** By their beginnings, the most recently noted last. */
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
