import { setImmediate as turn } from 'node:timers/promises'

/** How long others wait for their turn, in milliseconds. */
const SLICE_MS = 5
/** How many steps go without a look at the clock. */
const STEPS = 1024

/** Lets timers, sockets and other callers have their turn while one call has much to compute. */
export class Pace {
  readonly #signal: AbortSignal | undefined
  #steps = 0
  #sliceEndsAt = performance.now() + SLICE_MS

  /** @param signal of whoever waits for the call: once it is aborted, nothing more is computed. */
  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal
  }

  /** Called with each step; undefined where it may go on at once. */
  step(): Promise<void> | undefined {
    this.#steps += 1
    if (this.#steps < STEPS) return undefined
    this.#steps = 0
    return performance.now() < this.#sliceEndsAt ? undefined : this.#pause()
  }

  async #pause(): Promise<void> {
    await turn()
    this.#signal?.throwIfAborted()
    this.#sliceEndsAt = performance.now() + SLICE_MS
  }
}
