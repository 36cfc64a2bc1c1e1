import { later, type Position } from './position.js'

/** What a scope queries of its primary. */
export interface SeenOptions {
  /** Queries how far the log of the primary is written. */
  readonly ask: () => Promise<Position>
  /** Number of statements that the primary has answered for the scope. */
  readonly answered: () => number
  /** What was read before: the position of a token. */
  readonly after: Position | undefined
}

/**
 * What one scope has read and written, as one position in the log of the primary: a source that holds everything up to
 * there returns nothing older. The primary is queried only when the position is needed, so an unused position costs
 * nothing.
 */
export class Seen {
  readonly #options: SeenOptions
  #known: Position | undefined
  /** Number of the primary's answers that the known position covers. */
  #covered = 0
  /** Of the sources that were read, those whose position must be queried. */
  #sources: Set<() => Promise<Position>> | undefined

  constructor(options: SeenOptions) {
    this.#options = options
    this.#known = options.after
    this.#covered = options.answered()
  }

  /**
   * Returns a position that is not below anything read or written here; undefined if nothing was. Costs one round trip
   * to the primary if that was used since the last call, and none otherwise.
   * @param except a source that need not be queried, because it holds everything that was read from it.
   * @throws {PostgresError} if the primary cannot be queried.
   */
  async position(except?: () => Promise<Position>): Promise<Position | undefined> {
    const answered = this.#options.answered()
    const sources = [...(this.#sources ?? [])].filter((source) => source !== except)
    if (answered !== this.#covered) await this.#askPrimary(answered)
    else if (sources.length > 0) {
      try {
        for (const position of await Promise.all(sources.map((ask) => ask()))) this.raise(position)
      } catch {
        await this.#askPrimary(answered) // which is ahead of all others
      }
    }
    for (const source of sources) this.#sources?.delete(source)
    if (this.#sources?.size === 0) this.#sources = undefined
    return this.#known
  }

  /** What `position` gives if it does not have to ask; `'ask'` if it does. */
  known(except?: () => Promise<Position>): Position | undefined | 'ask' {
    const sources = this.#sources
    const others = sources ? sources.size - (except && sources.has(except) ? 1 : 0) : 0
    return others > 0 || this.#options.answered() !== this.#covered ? 'ask' : this.#known
  }

  async #askPrimary(answered: number): Promise<void> {
    const position = await this.#options.ask()
    // Of another history, what was known before is either part of it, or lost.
    this.#known = this.#known?.history === position.history ? later(this.#known, position) : position
    this.#covered = Math.max(this.#covered, answered)
  }

  /**
   * Data was read that includes everything up to `position`. A position of another history is ignored, unless nothing
   * is known: the primary decides which history counts.
   */
  raise(position: Position): void {
    if (this.#known === undefined) this.#known = position
    else if (this.#known.history === position.history) this.#known = later(this.#known, position)
  }

  /** Data was read from a source whose position `ask` returns; it is queried when it is needed. */
  readFrom(ask: () => Promise<Position>): void {
    this.#sources ??= new Set()
    this.#sources.add(ask)
  }
}
