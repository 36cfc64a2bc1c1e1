import { DEFAULT_GRACE_MS, Grace } from './grace.js'

/**
 * The operations in flight of one store, such as a call that takes several requests: operations that began may finish,
 * and none begins once the intake is closed.
 */
export class Operations {
  #running = 0
  #isClosed = false
  /** Resolvers of the callers that wait until nothing is running. */
  readonly #onIdle = new Set<() => void>()

  /** Whether the intake is closed. Operations that began before may still be running. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Runs an operation, or rejects with `refusal()` once the intake is closed. */
  begin<T>(work: () => Promise<T>, refusal: () => Error): Promise<T> {
    return this.#isClosed ? Promise.reject(refusal()) : this.run(work)
  }

  /**
   * Runs a part of an operation that began, and counts it until it settles; it is never rejected. Uses `await` rather
   * than `then`: two handlers would truncate the stack traces of its errors.
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    this.#running += 1
    try {
      return await work()
    } finally {
      this.#running -= 1
      if (this.#running === 0) for (const resolve of this.#onIdle) resolve()
    }
  }

  /**
   * Closes the intake, and waits until nothing runs or the grace is over. Each further call waits with its own grace
   * period.
   * @param grace in milliseconds, or a shared one.
   * @returns whether nothing is running anymore.
   */
  async close(grace: number | Grace = DEFAULT_GRACE_MS): Promise<boolean> {
    this.#isClosed = true
    if (this.#running === 0) return true
    let onIdle = (): void => {}
    const idle = new Promise<void>((resolve) => {
      onIdle = resolve
      this.#onIdle.add(resolve)
    })
    await this.#wait(idle, grace)
    this.#onIdle.delete(onIdle)
    return this.#running === 0
  }

  async #wait(idle: Promise<void>, grace: number | Grace): Promise<void> {
    if (typeof grace !== 'number') return void (await grace.covers(idle))
    const own = new Grace(grace)
    await own.covers(idle)
    own.release()
  }
}
