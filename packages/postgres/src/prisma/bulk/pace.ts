/** How long other work waits for its turn, in milliseconds. */
const SLICE_MS = 5
/** The number of steps between two checks of the clock. */
const STEPS = 1024

/** Gives timers, sockets and other callers a turn while one call has much to compute. */
export class Pace {
  readonly #signal: AbortSignal | undefined
  #steps = 0
  #sliceEndsAt = performance.now() + SLICE_MS

  /** @param signal the caller's: once it aborts, the computation stops. */
  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal
  }

  /** Called with each step; undefined if it may continue immediately. */
  step(): Promise<void> | undefined {
    this.#steps += 1
    if (this.#steps < STEPS) return undefined
    this.#steps = 0
    return performance.now() < this.#sliceEndsAt ? undefined : this.#pause()
  }

  async #pause(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    this.#signal?.throwIfAborted()
    this.#sliceEndsAt = performance.now() + SLICE_MS
  }
}
