/** How long closing waits for work in flight where its caller says nothing else, in milliseconds. */
export const DEFAULT_GRACE_MS = 10_000

/**
 * How long the closing of something waits for what is in flight. Whoever closes it again may shorten that, never
 * lengthen it.
 */
export class Grace {
  #endsAtMs = Number.POSITIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  #end: () => void = () => {}
  readonly #over = new Promise<false>((resolve) => {
    this.#end = () => resolve(false)
  })

  /** @param ms from now. Without a number it is never over, until `shorten` says otherwise. */
  constructor(ms?: number) {
    if (ms !== undefined) this.shorten(ms)
  }

  /** Ends it in so many milliseconds, unless it ends sooner. */
  shorten(ms: number): void {
    const endsAtMs = performance.now() + ms
    if (endsAtMs >= this.#endsAtMs) return
    this.#endsAtMs = endsAtMs
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#end, ms)
  }

  /** How long it still is. */
  get remainingMs(): number {
    return Math.max(0, this.#endsAtMs - performance.now())
  }

  /** Whether `work` settles before the end; its own failure counts as settled. */
  async covers(work: Promise<unknown>): Promise<boolean> {
    const settled = work.then(
      () => true,
      () => true,
    )
    return Promise.race([settled, this.#over])
  }

  /** Leaves no timer behind. */
  release(): void {
    clearTimeout(this.#timer)
  }
}

/**
 * What is closed once, however often it is asked to: every call gives the first one's promise, and may shorten its
 * wait.
 */
export class Closing<T> {
  readonly #work: (grace: Grace) => Promise<T>
  readonly #grace = new Grace()
  #closed: Promise<T> | undefined

  /** @param work closes, and waits no longer than the grace. */
  constructor(work: (grace: Grace) => Promise<T>) {
    this.#work = work
  }

  /** Whether it was asked to close. */
  get hasBegun(): boolean {
    return this.#closed !== undefined
  }

  /** @param graceMs how long this caller waits, in milliseconds. What is in flight after the shortest of all is cut. */
  close(graceMs: number = DEFAULT_GRACE_MS): Promise<T> {
    this.#grace.shorten(graceMs)
    this.#closed ??= this.#work(this.#grace).finally(() => this.#grace.release())
    return this.#closed
  }
}
