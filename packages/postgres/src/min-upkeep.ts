import { fullJitter } from '@miyabi/core'

const BACKOFF = { initialMs: 250, maxMs: 10_000 }

/** What upkeep needs of a pool. */
export interface Upkept {
  /** How many connections are missing to the minimum. */
  missing(): number
  /** Opens one connection and leaves it idle. */
  open(): Promise<void>
}

/** Keeps a pool at its minimum: opens what is missing, and where that fails tries again later, ever more rarely. */
export class MinUpkeep {
  readonly #pool: Upkept
  #running = false
  #stopped = false
  #failures = 0
  #retry: NodeJS.Timeout | undefined

  constructor(pool: Upkept) {
    this.#pool = pool
  }

  /** Something changed: open what is missing now, unless that is under way or waits for its retry. */
  check(): void {
    if (this.#stopped || this.#running || this.#retry || this.#pool.missing() <= 0) return
    this.#running = true
    void this.#fill().finally(() => {
      this.#running = false
      if (this.#failures === 0) this.check()
      else this.#retryLater()
    })
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#retry)
  }

  async #fill(): Promise<void> {
    const opened = await Promise.allSettled(Array.from({ length: this.#pool.missing() }, () => this.#pool.open()))
    this.#failures = opened.some((result) => result.status === 'rejected') ? this.#failures + 1 : 0
  }

  #retryLater(): void {
    if (this.#stopped) return
    // Never near zero: many processes that retry at once would be a storm on a server that comes back.
    const wait = fullJitter(this.#failures, BACKOFF)
    this.#retry = setTimeout(() => {
      this.#retry = undefined
      this.check()
    }, BACKOFF.initialMs + wait)
    this.#retry.unref()
  }
}
