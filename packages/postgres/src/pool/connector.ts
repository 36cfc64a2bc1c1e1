import { fullJitter, type MiyabiError } from '@miyabi/core'

/** The pause between attempts while none succeeds: short enough that a server's return is noticed within a second. */
const BACKOFF = { initialMs: 50, maxMs: 1000 }

/** The pool's functions that a connector needs. */
export interface Connectable {
  /** How many connections should be opened in addition to those being opened. */
  missing(): number
  /** Whether a waiting caller would be served by another attempt: one in progress may hang. */
  isWaitedFor(): boolean
  /** Opens one connection and leaves it idle; rejects with the mapped error. */
  open(): Promise<void>
  /** An attempt failed; `isFirst`: it started an outage. */
  onFailed(error: MiyabiError, isFirst: boolean): void
  /** The first attempt after an outage succeeded. */
  onRecovered(outage: Outage): void
}

/** An outage: no connection can be opened. Times are from `performance.now()`. */
export interface Outage {
  readonly since: number
  readonly failures: number
  readonly lastError: MiyabiError
  readonly lastFailedAt: number
}

/**
 * Opens the connections of a pool: for waiting callers, and up to the minimum. While this succeeds, all missing ones
 * together; after the first failure, one attempt at a time for the whole pool, with a growing, random pause between
 * attempts, until one succeeds.
 */
export class Connector {
  readonly #pool: Connectable
  #outage: { since: number; failures: number; lastError: MiyabiError; lastFailedAt: number } | undefined
  #nextAttemptAt = 0
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(pool: Connectable) {
    this.#pool = pool
  }

  /** The current outage, if there is one. */
  get outage(): Outage | undefined {
    return this.#outage
  }

  /** Something changed: open the missing connections, now or with the next attempt. */
  check(): void {
    if (this.#stopped || this.#timer) return
    if (this.#outage) {
      if (!this.#isWanted()) return
      this.#timer = setTimeout(() => this.#attempt(), Math.max(0, this.#nextAttemptAt - performance.now()))
      this.#timer.unref()
      return
    }
    for (let missing = this.#pool.missing(); missing > 0; missing -= 1) this.#open()
  }

  /** Stops opening connections. */
  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #isWanted(): boolean {
    return this.#pool.isWaitedFor() || this.#pool.missing() > 0
  }

  #attempt(): void {
    this.#timer = undefined
    if (this.#stopped) return
    if (this.#isWanted()) {
      this.#pause()
      this.#open()
    }
    this.check()
  }

  #open(): void {
    const launchedIn = this.#outage
    this.#pool.open().then(
      () => this.#succeeded(launchedIn),
      (error: MiyabiError) => this.#failed(error, launchedIn),
    )
  }

  /** Only an attempt made during the outage ends it: an earlier one may have succeeded while others already failed. */
  #succeeded(launchedIn: Outage | undefined): void {
    const outage = this.#outage
    if (!outage || launchedIn !== outage) return
    this.#outage = undefined
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (!this.#stopped) this.#pool.onRecovered(outage)
    this.check()
  }

  #failed(error: MiyabiError, launchedIn: Outage | undefined): void {
    const now = performance.now()
    const isFirst = !this.#outage
    this.#outage ??= { since: now, failures: 0, lastError: error, lastFailedAt: now }
    this.#outage.lastError = error
    this.#outage.lastFailedAt = now
    // Attempts in progress when it began count as one failure, or the first pause would be long.
    if (isFirst || launchedIn === this.#outage) this.#outage.failures += 1
    if (isFirst) this.#pause()
    if (!this.#stopped) this.#pool.onFailed(error, isFirst)
    this.check()
  }

  #pause(): void {
    this.#nextAttemptAt = performance.now() + fullJitter(this.#outage?.failures ?? 0, BACKOFF)
  }
}
