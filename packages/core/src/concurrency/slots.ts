/** How long to wait for a slot. */
export interface SlotWait {
  readonly signal: AbortSignal | undefined
  /** No limit of its own where it is absent. */
  readonly limit?: {
    readonly ms: number
    /** Makes the error for a wait that took too long. Called at that moment, so it can carry the state it saw. */
    readonly onTimeout: () => Error
  }
}

/** The slots at one moment. */
export interface SlotStats {
  readonly max: number
  /** Held. */
  readonly active: number
  /** Who waits for one. */
  readonly waiting: number
}

interface Waiter {
  /** Since when, by `performance.now()`. */
  readonly since: number
  grant(): void
  refuse(error: Error): void
}

/**
 * The right to hold one of `max` connections, first come first served. The drivers have such limits and queues of their
 * own, but node-postgres's cannot forget a caller that gave up, and who waits in an HTTP agent's is told in the end
 * that the connection timed out.
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

  get stats(): SlotStats {
    return { max: this.#max, active: this.#max - this.#free, waiting: this.#waiting.size }
  }

  /** How long the first in line has been waiting, in milliseconds; 0 where nobody waits. */
  get oldestWaitMs(): number {
    const [first] = this.#waiting
    return first ? performance.now() - first.since : 0
  }

  /**
   * Calls back once a slot is held, at once where one is free, or with the error that ended the wait. By callback,
   * because this is on the path of every query.
   */
  take(wait: SlotWait, callback: (error?: Error) => void): void {
    const { signal, limit } = wait
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
    const timer = limit && setTimeout(() => settle(limit.onTimeout()), limit.ms)
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#waiting.add(waiter)
  }

  /**
   * The same as a promise, without a limit: resolves to what gives the slot back, which does so once; rejects with the
   * signal's reason.
   */
  acquire(signal?: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      this.take({ signal }, (error) => {
        if (error) return reject(error)
        let isHeld = true
        resolve(() => {
          if (isHeld) this.give()
          isHeld = false
        })
      })
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
