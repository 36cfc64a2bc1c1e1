import type { Clock } from './clock.js'

/**
 * The clock of this process, and beside it the server's time, by which processes whose clocks differ can agree.
 *
 * The server reports its time with each response, and this machine's monotonic clock, or a `now` that was passed in,
 * measures the time since: if that is set back, server time stands still until the next reading, and if it jumps
 * forward, server time advances. So a clock that is wrong, or is corrected, moves no leases.
 */
export class OwnClock {
  readonly #now: Clock
  /**
   * Whether `now` is this machine's: then its time advances with the monotonic clock, not with changes to the system
   * time.
   */
  readonly #isMachines: boolean
  readonly #beganAt = performance.now()
  #last: number
  #lastReadAt = performance.now()
  /** The least and most time that has passed, as far as `now` shows. */
  #leastMs = 0
  #mostMs = 0
  /** The amounts by which `now` was set back and not forward again since; the last ones. */
  #setBack: number[] = []
  readonly #ownAtBeginning: number
  /** The server's time when this was created. */
  #serverAtBeginning: number | undefined
  #heard = false

  constructor(now: Clock, { isMachines }: { readonly isMachines: boolean }) {
    this.#now = now
    this.#isMachines = isMachines
    this.#ownAtBeginning = now()
    this.#last = this.#ownAtBeginning
  }

  /** The moment by this process's clock. */
  now(): number {
    const ms = this.#now()
    const readAt = performance.now()
    const passedMs = Math.round(readAt - this.#lastReadAt)
    this.#count(ms - this.#last, passedMs)
    this.#last = ms
    this.#lastReadAt = readAt
    return ms
  }

  /** Whether a response has arrived, with or without a time. */
  get hasHeard(): boolean {
    return this.#heard
  }

  /** Whether the server has reported its time: AWS does, its local engine does not. */
  get knowsServer(): boolean {
    return this.#serverAtBeginning !== undefined
  }

  /** The server's time, at the earliest: for deciding whether something of another process is over. */
  get earliestServerNow(): number {
    this.now()
    return this.#base + this.#elapsed(this.#leastMs)
  }

  /** The server's time, at the latest: for what this process itself holds. */
  get latestServerNow(): number {
    this.now()
    return this.#base + this.#elapsed(this.#mostMs)
  }

  /** @param date of a response's headers. */
  hear(date: string | undefined): void {
    // Of a clock that was passed in only the first: its measure of elapsed time is its own.
    if (this.#heard && !this.#isMachines) return
    this.#heard = true
    const serverMs = date === undefined ? Number.NaN : Date.parse(date)
    if (Number.isNaN(serverMs)) return
    const isNear = Math.abs(this.earliestServerNow - serverMs) < HEADER_ACCURACY_MS
    if (this.#serverAtBeginning !== undefined && isNear) return
    this.#serverAtBeginning = serverMs - Math.round(performance.now() - this.#beganAt)
  }

  /** If the server never reported its time, this process's own, as far as it has moved forward. */
  get #base(): number {
    return this.#serverAtBeginning ?? this.#ownAtBeginning
  }

  #elapsed(ofGiven: number): number {
    return this.#isMachines ? Math.round(performance.now() - this.#beganAt) : ofGiven
  }

  /**
   * Computes how much time a step of `now` represents. If it was set back before, a step forward may only be a
   * correction; and while it was set back, time passed that it does not show.
   */
  #count(stepMs: number, passedMs: number): void {
    if (stepMs < 0) {
      this.#leastMs += passedMs
      this.#mostMs += passedMs
      this.#setBack = [...this.#setBack.slice(-MAX_STEPS), -stepMs]
      return
    }
    let restMs = stepMs
    for (let last = this.#setBack.at(-1); last !== undefined && last <= restMs; last = this.#setBack.at(-1)) {
      restMs -= last
      this.#setBack = this.#setBack.slice(0, -1)
    }
    const isLeap = (ms: number): boolean => ms - passedMs > LEAP_MS
    const leastMs = isLeap(restMs) ? passedMs : restMs
    this.#leastMs += leastMs
    this.#mostMs += isLeap(stepMs) ? leastMs : stepMs
  }
}

/** A jump forward by more than this was a clock change, not elapsed time. */
const LEAP_MS = 15 * 60_000

/** The most steps back that are remembered. */
const MAX_STEPS = 20

/** A header has whole seconds, and took some time to arrive. */
const HEADER_ACCURACY_MS = 2000
