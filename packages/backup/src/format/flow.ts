import { sleep } from '@miyabi/core'

/** Rows or items that were just read. */
export interface Passed {
  readonly store: 'postgres' | 'dynamodb'
  readonly table: string
  readonly rows: number
  /** As they were read, before compression. */
  readonly bytes: number
}

/** Where everything that is read goes by: it counts, and holds up what comes too fast. */
export class Flow {
  readonly #onPassed: (passed: Passed) => void
  readonly #bytesPerSecond: number
  readonly #signal: AbortSignal | undefined
  /** When the next byte may come, by the monotonic clock. */
  #next = performance.now()

  constructor(options: {
    readonly onPassed?: ((passed: Passed) => void) | undefined
    /** Bytes a second, over all tables. Default: no limit. */
    readonly bytesPerSecond?: number | undefined
    readonly signal?: AbortSignal | undefined
  }) {
    this.#onPassed = options.onPassed ?? (() => {})
    this.#bytesPerSecond = options.bytesPerSecond ?? Number.POSITIVE_INFINITY
    this.#signal = options.signal
  }

  /** Resolves when more may be read. @throws the signal's reason. */
  async passed(passed: Passed): Promise<void> {
    this.#onPassed(passed)
    this.#signal?.throwIfAborted()
    const now = performance.now()
    // What was not used before is not made up for.
    this.#next = Math.max(this.#next, now) + (passed.bytes / this.#bytesPerSecond) * 1000
    const waitMs = this.#next - now
    if (waitMs > 1) await sleep(waitMs, this.#signal)
  }
}
