import { fullJitter, type MiyabiError } from '@miyabi/core'

/**
 * The pause between two attempts while none succeeds: short enough that a server's return is noticed within a second.
 */
const BACKOFF = { initialMs: 50, maxMs: 1000 }

/** What a connector needs of its pool. */
export interface Connectable {
  /** How many connections are to be opened besides those that are being opened. */
  missing(): number
  /** Whether a caller waits who would be served by one attempt more: one under way may hang. */
  isWaitedFor(): boolean
  /** Opens one connection and leaves it idle; rejects with the mapped error. */
  open(): Promise<void>
  /** An attempt failed; `isFirst`: with it an outage began. */
  onFailed(error: MiyabiError, isFirst: boolean): void
  /** The first attempt after an outage succeeded. */
  onRecovered(outage: Outage): void
}

/** A time in which no connection can be opened. Times are of `performance.now()`. */
export interface Outage {
  readonly since: number
  readonly failures: number
  readonly lastError: MiyabiError
  readonly lastFailedAt: number
}

/**
 * Opens the connections of a pool: for callers who wait, and up to the minimum. All that are missing at once while that
 * works; from the first failure on, one attempt at a time for the whole pool, with a growing and random pause between,
 * until one succeeds.
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

  /** The outage that lasts, if one does. */
  get outage(): Outage | undefined {
    return this.#outage
  }

  /** Something changed: open what is missing, now or with the next attempt. */
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

  /** Opens no more. */
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

  /** Only an attempt of the outage ends it: one from before may have slipped through while others already failed. */
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
    // Those that were under way together when it began are one failure, or the pause would begin long.
    if (isFirst || launchedIn === this.#outage) this.#outage.failures += 1
    if (isFirst) this.#pause()
    if (!this.#stopped) this.#pool.onFailed(error, isFirst)
    this.check()
  }

  #pause(): void {
    this.#nextAttemptAt = performance.now() + fullJitter(this.#outage?.failures ?? 0, BACKOFF)
  }
}
