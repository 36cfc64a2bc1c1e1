import { later, type Position } from './position.js'

/** What a scope asks of its primary. */
export interface SeenOptions {
  /** Asks how far the log of the primary is written. */
  readonly ask: () => Promise<Position>
  /** How many statements the primary has answered the scope. */
  readonly answered: () => number
  /** What was seen before: the position of a token. */
  readonly after: Position | undefined
}

/**
 * What one scope has seen and written, as one place in the log of the primary: whatever holds all up to there shows its
 * reader nothing older. The primary is asked when somebody wants to know, so what nobody wants to know costs nothing.
 */
export class Seen {
  readonly #options: SeenOptions
  #known: Position | undefined
  /** How many answers of the primary the known position covers. */
  #covered = 0
  /** Of the sources that were read, those whose position is to be asked for. */
  readonly #sources = new Set<() => Promise<Position>>()

  constructor(options: SeenOptions) {
    this.#options = options
    this.#known = options.after
    this.#covered = options.answered()
  }

  /**
   * A place that is not below anything that was seen or written here; undefined where nothing was. Costs one round trip
   * to the primary where that was used since somebody asked last, and none otherwise.
   * @param except a source that need not be asked, because it holds all that was read from it.
   * @throws {PostgresError} where the primary cannot be asked.
   */
  async position(except?: () => Promise<Position>): Promise<Position | undefined> {
    const answered = this.#options.answered()
    const sources = [...this.#sources].filter((source) => source !== except)
    if (answered !== this.#covered) await this.#askPrimary(answered)
    else if (sources.length > 0) {
      try {
        for (const position of await Promise.all(sources.map((ask) => ask()))) this.raise(position)
      } catch {
        await this.#askPrimary(answered) // which is ahead of all others
      }
    }
    for (const source of sources) this.#sources.delete(source)
    return this.#known
  }

  async #askPrimary(answered: number): Promise<void> {
    const position = await this.#options.ask()
    // Of another history, what was known before is in this one, or lost.
    this.#known = this.#known?.history === position.history ? later(this.#known, position) : position
    this.#covered = Math.max(this.#covered, answered)
  }

  /**
   * Something was seen that holds all up to `position`. One of another history has no say, unless nothing is known: the
   * primary says which history counts.
   */
  raise(position: Position): void {
    if (this.#known === undefined) this.#known = position
    else if (this.#known.history === position.history) this.#known = later(this.#known, position)
  }

  /** Something was read from where `ask` tells how far it had come, which is asked for when somebody wants to know. */
  readFrom(ask: () => Promise<Position>): void {
    this.#sources.add(ask)
  }
}
