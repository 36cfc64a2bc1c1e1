interface Waiter<Client> {
  /** From here on the signal is not listened to. */
  readonly leave: () => void
  readonly hand: (client: Client) => void
  readonly refuse: (error: Error) => void
}

/**
 * Callers who may hold a connection and wait for one, first come first served: whichever comes first is theirs, a new
 * one or one that somebody gives back.
 */
export class ClientQueue<Client> {
  readonly #waiting = new Set<Waiter<Client>>()
  #refusal: Error | undefined

  get size(): number {
    return this.#waiting.size
  }

  /**
   * Resolves with a connection; rejects with the reason of `signal`, whose caller is forgotten at once, or with a
   * refusal.
   */
  wait(signal: AbortSignal): Promise<Client> {
    return new Promise((resolve, reject) => {
      const refusal = signal.aborted ? (signal.reason as Error) : this.#refusal
      if (refusal) return reject(refusal)
      const onAbort = (): void => refuse(signal.reason as Error)
      const leave = (): void => {
        this.#waiting.delete(waiter)
        signal.removeEventListener('abort', onAbort)
      }
      const refuse = (error: Error): void => {
        leave()
        reject(error)
      }
      const waiter: Waiter<Client> = { leave, hand: resolve, refuse }
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiting.add(waiter)
    })
  }

  /** Takes out who waits longest, to be handed a connection that is on its way; undefined where nobody waits. */
  next(): ((client: Client) => void) | undefined {
    const [first] = this.#waiting
    first?.leave()
    return first?.hand
  }

  /** Sends away everybody who waits now. */
  refuse(error: Error): void {
    for (const waiter of this.#waiting) waiter.refuse(error)
  }

  /** Sends away everybody who waits, now and later. */
  close(error: Error): void {
    this.#refusal = error
    this.refuse(error)
  }
}
