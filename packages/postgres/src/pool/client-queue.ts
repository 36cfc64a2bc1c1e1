interface Waiter<Client> {
  /** From here on the signal is ignored. */
  readonly leave: () => void
  readonly hand: (client: Client) => void
  readonly refuse: (error: Error) => void
}

/**
 * Callers that wait for a connection, first come, first served: they get whichever is available first, a new one or a
 * returned one.
 */
export class ClientQueue<Client> {
  readonly #waiting = new Set<Waiter<Client>>()
  #refusal: Error | undefined

  get size(): number {
    return this.#waiting.size
  }

  /**
   * Resolves with a connection; rejects with the reason of `signal`, whose caller is removed immediately, or with an
   * error.
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

  /** Removes the longest waiting caller, to serve it a connection that is being opened; undefined if there is none. */
  next(): ((client: Client) => void) | undefined {
    const [first] = this.#waiting
    first?.leave()
    return first?.hand
  }

  /** Rejects all current waiters. */
  refuse(error: Error): void {
    for (const waiter of this.#waiting) waiter.refuse(error)
  }

  /** Rejects all waiters, now and later. */
  close(error: Error): void {
    this.#refusal = error
    this.refuse(error)
  }
}
