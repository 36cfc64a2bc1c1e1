import { sleep } from '@miyabi/core'

/** Rows or items that were just read. */
export interface Passed {
  readonly store: 'postgres' | 'dynamodb'
  readonly table: string
  readonly rows: number
  /** As they were read, before compression. */
  readonly bytes: number
}

/** All data that is read passes through it: it counts, and limits the rate. */
export class Flow {
  readonly #onPassed: (passed: Passed) => void
  readonly #bytesPerSecond: number
  readonly #signal: AbortSignal | undefined
  /** When the next byte may pass, by the monotonic clock. */
  #next = performance.now()

  constructor(options: {
    readonly onPassed?: ((passed: Passed) => void) | undefined
    /** Bytes per second, over all tables. Default: no limit. */
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
    // Unused allowance is not accumulated.
    this.#next = Math.max(this.#next, now) + (passed.bytes / this.#bytesPerSecond) * 1000
    const waitMs = this.#next - now
    if (waitMs > 1) await sleep(waitMs, this.#signal)
  }
}
