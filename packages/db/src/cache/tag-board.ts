import type { Position } from '@miyabi/postgres'

/** Called for each raise. */
export type OnRaise = (tag: string, lsn: bigint) => void

/** Number of tags that are remembered individually. */
const MOST = 20_000

/**
 * The raised tags that this process has received, each with the highest position that it was raised to. A tag that was
 * evicted counts as raised to the highest position of all evicted tags.
 */
export class TagBoard {
  readonly #raised = new Map<string, bigint>()
  readonly #onRaise: OnRaise
  readonly #onHistory: () => void
  #floor = 0n
  #history: string | undefined

  /** @param onHistory called when another server became the primary: earlier positions cannot be compared. */
  constructor(onRaise: OnRaise, onHistory: () => void) {
    this.#onRaise = onRaise
    this.#onHistory = onHistory
  }

  /** The history of the last position that was received or read. */
  get history(): string | undefined {
    return this.#history
  }

  /** Adopts the history of a position as that of the primary. */
  adopt({ history }: Position): void {
    if (history === this.#history) return
    const isFirst = this.#history === undefined
    this.#history = history
    this.#raised.clear()
    this.#floor = 0n
    if (!isFirst) this.#onHistory()
  }

  raise(tags: readonly string[], position: Position): void {
    this.adopt(position)
    const { lsn } = position
    for (const tag of tags) {
      if (lsn > (this.#raised.get(tag) ?? -1n)) {
        this.#raised.delete(tag) // moved to the end: tags that are raised often are evicted last
        this.#raised.set(tag, lsn)
      }
      this.#onRaise(tag, lsn)
    }
    while (this.#raised.size > MOST) this.#forgetFirst()
  }

  /**
   * Whether a value that was read after `position` is newer than every received raise of its tags. Strictly newer: a
   * commit is in the log before its rows are visible, so at the position of a raise the rows may still be the old ones.
   */
  isBelow(tags: readonly string[], { history, lsn }: Position): boolean {
    if (history !== this.#history || lsn <= this.#floor) return false
    return tags.every((tag) => (this.#raised.get(tag) ?? 0n) < lsn)
  }

  #forgetFirst(): void {
    for (const [tag, lsn] of this.#raised) {
      this.#raised.delete(tag)
      if (lsn > this.#floor) this.#floor = lsn
      return
    }
  }
}
