import { type Place, WaitingLine } from './waiting-line.js'

/** How long to wait for a slot. */
export interface SlotWait {
  readonly signal: AbortSignal | undefined
  /** No separate limit if absent. */
  readonly limit?: {
    readonly ms: number
    /**
     * Creates the error for a wait that took too long. Called when the time is over, so the error can describe the
     * state at that moment.
     */
    readonly onTimeout: () => Error
  }
}

/** The state of the slots at one moment. */
export interface SlotStats {
  readonly max: number
  /** Slots in use. */
  readonly active: number
  /** Callers waiting for a slot. */
  readonly waiting: number
}

interface Waiter {
  readonly wait: SlotWait
  /** Start and latest end of the wait, by `performance.now()`. */
  readonly since: number
  readonly until: number
  onAbort: (() => void) | undefined
  readonly callback: (error?: Error) => void
}

/**
 * The right to hold one of `max` connections, first come first served. The drivers have their own limits and queues,
 * but node-postgres's queue cannot drop a caller that gave up, and a caller that waits in an HTTP agent's queue
 * eventually gets a connection timeout.
 */
export class Slots {
  #free: number
  readonly #max: number
  readonly #waiting = new WaitingLine<Waiter>()
  /** One timer for all waiters: a timer per waiter would cost more than everything else in a wait. */
  #timer: NodeJS.Timeout | undefined
  #firesAt = Number.POSITIVE_INFINITY
  #onAllFree: (() => void) | undefined

  constructor(max: number) {
    this.#max = max
    this.#free = max
  }

  get stats(): SlotStats {
    return { max: this.#max, active: this.#max - this.#free, waiting: this.#waiting.size }
  }

  /** How long the first waiter has been waiting, in milliseconds; 0 if there is none. */
  get oldestWaitMs(): number {
    const { first } = this.#waiting
    return first ? performance.now() - first.waiter.since : 0
  }

  /**
   * Calls back once a slot is held, immediately if one is free, or with the error that ended the wait. A callback,
   * because this is on the path of every query.
   */
  take(wait: SlotWait, callback: (error?: Error) => void): void {
    const { signal, limit } = wait
    if (signal?.aborted) {
      callback(signal.reason as Error)
      return
    }
    if (this.takeFree()) {
      callback()
      return
    }
    const since = performance.now()
    const until = since + (limit?.ms ?? Number.POSITIVE_INFINITY)
    if (this.#waiting.size === 0) this.#timer?.ref()
    const place = this.#waiting.join({ wait, since, until, onAbort: undefined, callback })
    if (signal) {
      place.waiter.onAbort = () => this.#settle(place, signal.reason as Error)
      signal.addEventListener('abort', place.waiter.onAbort, { once: true })
    }
    this.#wakeAt(until)
  }

  /** Takes a slot if one is free; returns whether it did. */
  takeFree(): boolean {
    if (this.#free === 0) return false
    this.#free -= 1
    return true
  }

  /**
   * Like `take`, as a promise and without a limit: resolves to a function that returns the slot, which has an effect
   * only once; rejects with the signal's reason.
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

  /** Returns a slot: to the longest waiting caller, if there is one. */
  give(): void {
    const { first } = this.#waiting
    if (first) {
      this.#settle(first)
      return
    }
    this.#free += 1
    if (this.#free === this.#max) this.#onAllFree?.()
  }

  /** Rejects all waiters. */
  refuse(error: Error): void {
    for (const place of this.#waiting.places) this.#settle(place, error)
  }

  /** Resolves once every slot is free and there are no waiters. */
  allFree(): Promise<void> {
    if (this.#free === this.#max) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onAllFree = resolve
    })
  }
  /** Ends a wait: with a slot, or with an error. */
  #settle(place: Place<Waiter>, error?: Error): void {
    if (!this.#waiting.leave(place)) return
    const { wait, onAbort, callback } = place.waiter
    if (this.#waiting.size === 0) this.#timer?.unref()
    if (onAbort) wait.signal?.removeEventListener('abort', onAbort)
    callback(error)
  }

  /** Schedules the timer for that moment or before, to find the waiters whose time is over. */
  #wakeAt(until: number): void {
    if (until >= this.#firesAt) return
    clearTimeout(this.#timer)
    this.#firesAt = until
    this.#timer = setTimeout(() => this.#expire(), until - performance.now())
  }

  #expire(): void {
    this.#timer = undefined
    this.#firesAt = Number.POSITIVE_INFINITY
    const now = performance.now()
    let next = Number.POSITIVE_INFINITY
    for (const place of this.#waiting.places) {
      const { until, wait } = place.waiter
      if (until > now) next = Math.min(next, until)
      else this.#settle(place, wait.limit?.onTimeout())
    }
    this.#wakeAt(next)
  }
}
