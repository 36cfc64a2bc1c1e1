import type { SocketStats } from '../stats.js'

/**
 * Lets so many requests out at a time, the others wait in the order of their coming. The HTTP agent has the same limit and a queue of
 * its own, but who waits there is told, in the end, that the connection timed out.
 */
export class SocketQueue {
  readonly #max: number
  readonly #waiting = new Set<() => void>()
  #active = 0

  constructor(max: number) {
    this.#max = max
  }

  get stats(): SocketStats {
    return { max: this.#max, active: this.#active, waiting: this.#waiting.size }
  }

  /** Resolves when a connection is free, to what gives it back; rejects with the signal's reason. */
  async acquire(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted()
    if (this.#active < this.#max) this.#active += 1
    else await this.#wait(signal)
    let isHeld = true
    return () => {
      if (isHeld) this.#release()
      isHeld = false
    }
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = (): void => {
        signal?.removeEventListener('abort', stop)
        resolve()
      }
      const stop = (): void => {
        this.#waiting.delete(go)
        reject(signal?.reason as Error)
      }
      this.#waiting.add(go)
      signal?.addEventListener('abort', stop, { once: true })
    })
  }

  #release(): void {
    const [next] = this.#waiting
    if (next === undefined) {
      this.#active -= 1
    } else {
      this.#waiting.delete(next)
      next()
    }
  }
}
