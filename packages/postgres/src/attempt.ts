import { AsyncLocalStorage } from 'node:async_hooks'
import type { Phase } from './error-details.js'

/**
 * One attempt at a transaction, as Prisma's adapter below and the function of the caller above both see it. Prisma passes nothing of
 * ours from one to the other, hence the storage.
 */
export class Attempt {
  /** Aborts at the deadline, or when the caller goes away. */
  readonly signal: AbortSignal
  /** From 1. */
  readonly number: number
  readonly #remainingMs: () => number
  phase: Phase = 'acquire'
  /** Whether a statement of this transaction failed because its connection was lost. */
  isLost = false
  /** False once the attempt is over: what the work left running is no part of it. */
  isOpen = true

  constructor(number: number, signal: AbortSignal, remainingMs: () => number) {
    this.number = number
    this.signal = signal
    this.#remainingMs = remainingMs
  }

  /** Milliseconds to the deadline. */
  get remainingMs(): number {
    return this.#remainingMs()
  }
}

/** The attempts under way, each found from within its own asynchronous context. */
export class Attempts {
  readonly #storage = new AsyncLocalStorage<Attempt>()

  /** The attempt whose work makes this call, if one does. */
  get current(): Attempt | undefined {
    const attempt = this.#storage.getStore()
    return attempt?.isOpen ? attempt : undefined
  }

  async run<T>(attempt: Attempt, work: () => Promise<T>): Promise<T> {
    try {
      return await this.#storage.run(attempt, work)
    } finally {
      attempt.isOpen = false
    }
  }
}
