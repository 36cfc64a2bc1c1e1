/** Signals within a process that something for a relay may have been committed. */
export class CommitSignal {
  readonly #listeners = new Set<() => void>()
  #sent = 0

  /** Transactions with effects that have committed. */
  get sent(): number {
    return this.#sent
  }

  /** Calls `listener` each time, until the returned function is called. The listener must return quickly. */
  listen(listener: () => void): () => void {
    const entry = () => listener()
    this.#listeners.add(entry)
    return () => {
      this.#listeners.delete(entry)
    }
  }

  /** A transaction with effects has committed. */
  send(): void {
    this.#sent += 1
    this.wake()
  }

  /** The database may have left something of its own. */
  wake(): void {
    for (const listener of this.#listeners) listener()
  }
}
