/** How long to wait for a slot. */
export interface SlotWait {
  readonly ms: number
  readonly signal: AbortSignal | undefined
  /** Makes the error for a wait that took too long. Called at that moment, so it can carry the state it saw. */
  readonly onTimeout: () => Error
}

interface Waiter {
  /** Since when, by `performance.now()`. */
  readonly since: number
  grant(): void
  refuse(error: Error): void
}

/**
 * The right to hold a connection, `max` of them, first come first served. The driver's own queue cannot forget a caller that gave
 * up and counts it as waiting for ever; this one forgets at once.
 */
export class Slots {
  #free: number
  readonly #max: number
  readonly #waiting = new Set<Waiter>()
  #onAllFree: (() => void) | undefined

  constructor(max: number) {
    this.#max = max
    this.#free = max
  }

  /** How long the first in line has been waiting, in milliseconds; 0 where nobody waits. */
  get oldestWaitMs(): number {
    const [first] = this.#waiting
    return first ? performance.now() - first.since : 0
  }

  /**
   * Calls back once a slot is held, at once where one is free, or with the error that ended the wait. By callback, because this is
   * on the path of every query.
   */
  take(wait: SlotWait, callback: (error?: Error) => void): void {
    const { ms, signal, onTimeout } = wait
    if (signal?.aborted) {
      callback(signal.reason as Error)
      return
    }
    if (this.#free > 0) {
      this.#free -= 1
      callback()
      return
    }
    const settle = (error?: Error): void => {
      this.#waiting.delete(waiter)
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      callback(error)
    }
    const waiter: Waiter = { since: performance.now(), grant: () => settle(), refuse: settle }
    const onAbort = (): void => settle(signal?.reason as Error)
    const timer = setTimeout(() => settle(onTimeout()), ms)
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#waiting.add(waiter)
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
