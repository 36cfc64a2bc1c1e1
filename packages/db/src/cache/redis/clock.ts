interface Waiting {
  readonly until: number
  readonly cut: () => void
}

/**
 * One timer for all commands that are on their way: they have the same limit, so the oldest is the next to be late. A
 * process that was busy itself gets to read its answers first.
 */
export class CommandClock {
  readonly #limitMs: number
  readonly #onLate: () => void
  readonly #waiting = new Set<Waiting>()
  #timer: NodeJS.Timeout | undefined

  /** @param onLate called for the first that is late; `cut` ends the others. */
  constructor(limitMs: number, onLate: () => void) {
    this.#limitMs = limitMs
    this.#onLate = onLate
  }

  /** The same promise, which rejects with `cut`. */
  watch<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const waiting: Waiting = {
        until: performance.now() + this.#limitMs,
        cut: () => reject(new Error('Redis did not respond')),
      }
      this.#waiting.add(waiting)
      this.#timer ??= this.#soon(this.#limitMs)
      work.then(resolve, reject).finally(() => this.#waiting.delete(waiting))
    })
  }

  /** Ends all that wait. */
  cut(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const { cut } of this.#waiting) cut()
    this.#waiting.clear()
  }

  #soon(ms: number): NodeJS.Timeout {
    // Answers that have arrived are read between the two.
    const timer = setTimeout(() => setImmediate(() => setImmediate(() => this.#look(timer))), ms)
    timer.unref()
    return timer
  }

  #look(timer: NodeJS.Timeout): void {
    if (this.#timer !== timer) return
    this.#timer = undefined
    const [oldest] = this.#waiting
    if (!oldest) return
    const restMs = oldest.until - performance.now()
    if (restMs <= 0) this.#onLate()
    else this.#timer = this.#soon(restMs + 1)
  }
}
