import type { Clock } from './clock.js'

/**
 * The clock of this process, and next to it the server's time, by which processes whose clocks differ can agree.
 *
 * The server tells its time with each answer, and how much goes by since is told by this machine's monotonic clock, or
 * by a `now` that was given: where that is set back, server time stands still until the next reading, and where it
 * leaps forward, it goes on. So a clock that is wrong, or is set right, moves nobody's leases.
 */
export class OwnClock {
  readonly #now: Clock
  /**
   * Whether `now` is this machine's: then its time goes by as that of its monotonic clock does, and not as somebody
   * sets it.
   */
  readonly #isMachines: boolean
  readonly #beganAt = performance.now()
  #last: number
  #lastReadAt = performance.now()
  /** How much time has gone by, at least and at most, as far as `now` tells. */
  #leastMs = 0
  #mostMs = 0
  /** By how much `now` was set back, each time, and not forward again since; the last ones. */
  #setBack: number[] = []
  readonly #ownAtBeginning: number
  /** The server's time when this was made. */
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

  /** Whether an answer has come, with a time or without. */
  get hasHeard(): boolean {
    return this.#heard
  }

  /** Whether the server has told its time: AWS does, its local engine does not. */
  get knowsServer(): boolean {
    return this.#serverAtBeginning !== undefined
  }

  /** The server's time, at the earliest: for whoever asks whether something of another process is over. */
  get earliestServerNow(): number {
    this.now()
    return this.#base + this.#elapsed(this.#leastMs)
  }

  /** The server's time, at the latest: for what this process itself holds. */
  get latestServerNow(): number {
    this.now()
    return this.#base + this.#elapsed(this.#mostMs)
  }

  /** @param date of an answer's headers. */
  hear(date: string | undefined): void {
    // Of a given clock only the first: what it makes of time going by is its own.
    if (this.#heard && !this.#isMachines) return
    this.#heard = true
    const serverMs = date === undefined ? Number.NaN : Date.parse(date)
    if (Number.isNaN(serverMs)) return
    const isNear = Math.abs(this.earliestServerNow - serverMs) < HEADER_ACCURACY_MS
    if (this.#serverAtBeginning !== undefined && isNear) return
    this.#serverAtBeginning = serverMs - Math.round(performance.now() - this.#beganAt)
  }

  /** Where the server never told its time, this process's own, as far as that has gone forward. */
  get #base(): number {
    return this.#serverAtBeginning ?? this.#ownAtBeginning
  }

  #elapsed(ofGiven: number): number {
    return this.#isMachines ? Math.round(performance.now() - this.#beganAt) : ofGiven
  }

  /**
   * Counts how much time a step of `now` stands for. Where it was set back before, it may only be set right; and while
   * it was set back, time went by that it does not show.
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

/** Who leaps forward by more was set, and did not wait. */
const LEAP_MS = 15 * 60_000

/** So many steps back are remembered. */
const MAX_STEPS = 20

/** A header tells whole seconds, and took some time to come. */
const HEADER_ACCURACY_MS = 2000
