interface Waiting {
  readonly until: number
  readonly cut: () => void
}

/** Number of checks within the time limit. */
const LOOKS = 4

/**
 * One timer for all pending commands: they have the same limit, so the oldest one times out first. Time during which
 * this process was busy and could not have read a response does not count.
 */
export class CommandClock {
  readonly #limitMs: number
  readonly #onLate: () => void
  readonly #waiting = new Set<Waiting>()
  #timer: NodeJS.Timeout | undefined
  /** Total time that this process has been busy. */
  #busyMs = 0

  /** @param onLate called for the first command that times out; `cut` ends the others. */
  constructor(limitMs: number, onLate: () => void) {
    this.#limitMs = limitMs
    this.#onLate = onLate
  }

  /** Returns a promise that settles like this one, or is rejected by `cut`. */
  watch<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const waiting: Waiting = {
        until: this.#now() + this.#limitMs,
        cut: () => reject(new Error('Redis did not respond')),
      }
      this.#waiting.add(waiting)
      this.#timer ??= this.#soon()
      work.then(resolve, reject).finally(() => this.#waiting.delete(waiting))
    })
  }

  /** Rejects all pending commands. */
  cut(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const { cut } of this.#waiting) cut()
    this.#waiting.clear()
  }

  #now(): number {
    return performance.now() - this.#busyMs
  }

  #soon(): NodeJS.Timeout {
    const everyMs = this.#limitMs / LOOKS
    const due = performance.now() + everyMs
    const timer = setTimeout(() => {
      this.#busyMs += Math.max(0, performance.now() - due)
      // Responses that have already arrived are read between the two.
      setImmediate(() => setImmediate(() => this.#look(timer)))
    }, everyMs)
    timer.unref()
    return timer
  }

  #look(timer: NodeJS.Timeout): void {
    if (this.#timer !== timer) return
    this.#timer = undefined
    const [oldest] = this.#waiting
    if (!oldest) return
    if (oldest.until <= this.#now()) this.#onLate()
    else this.#timer = this.#soon()
  }
}
