import type { Position } from '@miyabi/postgres'

/** Who is told of each raise. */
export type OnRaise = (tag: string, lsn: bigint) => void

/** So many tags are remembered one by one. */
const MOST = 20_000

/**
 * The tags that this process has heard of, each with the highest position that it was raised to. What is forgotten
 * counts as raised to the highest that was forgotten.
 */
export class TagBoard {
  readonly #raised = new Map<string, bigint>()
  readonly #onRaise: OnRaise
  readonly #onHistory: () => void
  #floor = 0n
  #history: string | undefined

  /** @param onHistory another server has taken the place of the primary: nothing of before can be compared. */
  constructor(onRaise: OnRaise, onHistory: () => void) {
    this.#onRaise = onRaise
    this.#onHistory = onHistory
  }

  /** Of the last position that was heard or read. */
  get history(): string | undefined {
    return this.#history
  }

  /** Takes the history of a position for that of the primary. */
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
        this.#raised.delete(tag) // to the end: what is raised often is forgotten last
        this.#raised.set(tag, lsn)
      }
      this.#onRaise(tag, lsn)
    }
    while (this.#raised.size > MOST) this.#forgetFirst()
  }

  /**
   * Whether what was read after `position` is newer than every raise of its tags that was heard. Strictly: a commit is
   * in the log before its rows can be seen, so at the very position of a raise the rows may still be the old ones.
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
