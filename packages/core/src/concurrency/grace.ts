/** How long closing waits for work in flight by default, in milliseconds. */
export const DEFAULT_GRACE_MS = 10_000

/** How long closing waits for work in flight. A later call may shorten the wait, but never lengthen it. */
export class Grace {
  #endsAtMs = Number.POSITIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  #end: () => void = () => {}
  readonly #over = new Promise<false>((resolve) => {
    this.#end = () => resolve(false)
  })

  /** @param ms from now. Without a number it never ends until `shorten` sets an end. */
  constructor(ms?: number) {
    if (ms !== undefined) this.shorten(ms)
  }

  /** Ends it in `ms` milliseconds, unless it ends sooner. */
  shorten(ms: number): void {
    const endsAtMs = performance.now() + ms
    if (endsAtMs >= this.#endsAtMs) return
    this.#endsAtMs = endsAtMs
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#end, ms)
  }

  /** The remaining time, in milliseconds. */
  get remainingMs(): number {
    return Math.max(0, this.#endsAtMs - performance.now())
  }

  /** Returns whether `work` settles before the end; a rejection counts as settled. */
  async covers(work: Promise<unknown>): Promise<boolean> {
    const settled = work.then(
      () => true,
      () => true,
    )
    return Promise.race([settled, this.#over])
  }

  /** Clears the timer. */
  release(): void {
    clearTimeout(this.#timer)
  }
}

/**
 * Closes something once, no matter how often `close` is called: every call returns the first call's promise, and may
 * shorten its wait.
 */
export class Closing<T> {
  readonly #work: (grace: Grace) => Promise<T>
  readonly #grace = new Grace()
  #closed: Promise<T> | undefined

  /** @param work closes, waiting no longer than the grace period. */
  constructor(work: (grace: Grace) => Promise<T>) {
    this.#work = work
  }

  /** Whether `close` was called. */
  get hasBegun(): boolean {
    return this.#closed !== undefined
  }

  /**
   * @param graceMs how long this caller waits, in milliseconds. Work still in flight after the shortest wait of all
   *   callers is canceled.
   */
  close(graceMs: number = DEFAULT_GRACE_MS): Promise<T> {
    this.#grace.shorten(graceMs)
    this.#closed ??= this.#work(this.#grace).finally(() => this.#grace.release())
    return this.#closed
  }
}
