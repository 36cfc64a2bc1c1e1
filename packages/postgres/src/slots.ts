/**
 * The right to hold a connection, `max` of them, first come first served. The driver's own queue cannot forget a caller that gave
 * up and counts it as waiting for ever; this one forgets at once.
 */
export class Slots {
  #free: number
  readonly #max: number
  readonly #waiting = new Set<{ grant(): void; refuse(error: Error): void }>()
  #onAllFree: (() => void) | undefined

  constructor(max: number) {
    this.#max = max
    this.#free = max
  }

  /** Waits for a slot. Rejects with the signal's reason when it aborts first; then no slot is held. */
  take(signal: AbortSignal): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const settle = (result: () => void) => {
        this.#waiting.delete(waiter)
        signal.removeEventListener('abort', onAbort)
        result()
      }
      const waiter = {
        grant: () => settle(resolve),
        refuse: (error: Error) => settle(() => reject(error)),
      }
      const onAbort = (): void => waiter.refuse(signal.reason as Error)
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiting.add(waiter)
    })
  }

  /** Gives a slot back: to whoever waits longest, if anybody does. */
  give(): void {
    const [next] = this.#waiting
    if (next) {
      next.grant()
      return
    }
    this.#free += 1
    if (this.#free === this.#max) this.#onAllFree?.()
  }

  /** Sends everybody away who waits. */
  refuse(error: Error): void {
    for (const waiter of this.#waiting) waiter.refuse(error)
  }

  /** Resolves once every slot is free and nobody waits. */
  allFree(): Promise<void> {
    if (this.#free === this.#max) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onAllFree = resolve
    })
  }
}
