/** Minimum interval between two wake-ups, in milliseconds. */
const EVERY_MS = 10
/** How long the result of the check whether tables raise tags is kept, in milliseconds. */
const KNOWN_MS = 60_000

/**
 * Wakes relays after writes of this process, if triggers of tables leave tags in the outbox: triggers send no
 * notification. At most once in 10 ms, and always after the last write.
 */
export class WriteWakes {
  readonly #wake: () => void
  readonly #isRaised: () => Promise<boolean>
  #wokenAt = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  #asked: Promise<boolean> | undefined
  #askedAt = Number.NEGATIVE_INFINITY

  /** @param isRaised checks whether any table raises tags. */
  constructor(wake: () => void, isRaised: () => Promise<boolean>) {
    this.#wake = wake
    this.#isRaised = isRaised
  }

  /** Records that rows may have changed. */
  wrote(): void {
    if (this.#timer) return
    const restMs = this.#wokenAt + EVERY_MS - performance.now()
    if (restMs <= 0) return void this.#now()
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      void this.#now()
    }, restMs)
    this.#timer.unref()
  }

  close(): void {
    clearTimeout(this.#timer)
  }

  async #now(): Promise<void> {
    this.#wokenAt = performance.now()
    if (this.#wokenAt >= this.#askedAt + KNOWN_MS) {
      this.#askedAt = this.#wokenAt
      this.#asked = this.#isRaised().catch(() => true)
    }
    if (await this.#asked) this.#wake()
  }
}
