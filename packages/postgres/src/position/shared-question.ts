/** A query to one server that concurrent callers share. */
export class SharedQuestion<Answer> {
  readonly #ask: () => Promise<Answer>
  #asking: Promise<unknown> | undefined
  /** Sent when the current query is answered: a caller that arrives later may have seen a newer state. */
  #next: Promise<Answer> | undefined

  constructor(ask: () => Promise<Answer>) {
    this.#ask = ask
  }

  /** Sends a query, or joins one that is not sent yet. */
  ask(): Promise<Answer> {
    if (this.#next) return this.#next
    if (!this.#asking) return this.#send()
    this.#next = this.#asking.then(() => {
      this.#next = undefined
      return this.#send()
    })
    return this.#next
  }

  #send(): Promise<Answer> {
    const answer = this.#ask()
    this.#asking = answer
      .catch(() => {})
      .then(() => {
        this.#asking = undefined
      })
    return answer
  }
}
