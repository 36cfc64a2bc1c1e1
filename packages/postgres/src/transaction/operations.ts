import { settlesWithin } from '../pool/closed.js'

/**
 * Pieces of work that may need a connection more than once, such as a Prisma query with `include`: each that began is let finish,
 * and once the intake is closed none begins.
 */
export class Operations {
  #running = 0
  #isClosed = false
  #onIdle: (() => void) | undefined

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Runs `work` and counts it until it settles. Awaited, not listened to: two listeners would cut the stacks of its errors short. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    this.#running += 1
    try {
      return await work()
    } finally {
      this.#running -= 1
      if (this.#running === 0) this.#onIdle?.()
    }
  }

  /** Closes the intake, and waits until nothing runs or the time is over. */
  async close(graceMs: number): Promise<void> {
    this.#isClosed = true
    if (this.#running === 0) return
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve
    })
    await settlesWithin(graceMs, idle)
  }
}
