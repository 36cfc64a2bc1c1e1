/** A question to one server that callers who ask at the same time share. */
export class SharedQuestion<Answer> {
  readonly #ask: () => Promise<Answer>
  #asking: Promise<unknown> | undefined
  /** Sent when the one that is under way is answered: who asks now may have seen what that did not. */
  #next: Promise<Answer> | undefined

  constructor(ask: () => Promise<Answer>) {
    this.#ask = ask
  }

  /** Asks, or joins a question that is not sent yet. */
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
