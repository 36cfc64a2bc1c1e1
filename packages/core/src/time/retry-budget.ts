/** The number of retries allowed. */
export interface RetryBudgetOptions {
  /** Retries that may be made in a burst after a quiet period. Default 1000. */
  readonly capacity?: number
  /** Retries added per second. Default 100. */
  readonly refillPerSecond?: number
  /** The clock, in milliseconds. Default `performance.now`. */
  readonly now?: () => number
}

/**
 * A token bucket shared by all retries of an application: in any period of t seconds there are at most `capacity + t *
 * refillPerSecond` of them, whatever fails and however many callers there are. One conflict is retried as often as its
 * deadline allows; a storm in which everything fails is not multiplied by retrying all of it.
 */
export class RetryBudget {
  readonly #capacity: number
  readonly #refillPerMs: number
  readonly #now: () => number
  #tokens: number
  #at: number

  constructor(options: RetryBudgetOptions = {}) {
    const { capacity = 1000, refillPerSecond = 100, now = () => performance.now() } = options
    this.#capacity = capacity
    this.#refillPerMs = refillPerSecond / 1000
    this.#now = now
    this.#tokens = capacity
    this.#at = now()
  }

  /** Retries currently available. */
  get remaining(): number {
    this.#refill()
    return Math.floor(this.#tokens)
  }

  /** Takes the right to one retry; false if none is left. */
  take(): boolean {
    this.#refill()
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }

  #refill(): void {
    const now = this.#now()
    this.#tokens = Math.min(this.#capacity, this.#tokens + (now - this.#at) * this.#refillPerMs)
    this.#at = now
  }
}
