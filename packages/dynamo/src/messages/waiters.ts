import { createHash } from 'node:crypto'
import type { MessageWakes } from './wakes.js'

/** How often waiting readers check for messages while no notifications arrive, in milliseconds. */
const LOOK_EVERY_MS = 250

/** Returns a short name for a recipient that does not reveal who it is. */
const markOf = (recipient: string): string => createHash('sha256').update(recipient).digest('base64url').slice(0, 16)

/** One reader's wait for the messages of a recipient. A wake-up during a read is not lost. */
export interface Waiter extends Disposable {
  /**
   * Resolves when there may be messages, or after `ms`.
   * @throws the signal's reason, and the error that readers get once everything is closed.
   */
  wait(ms: number, signal: AbortSignal | undefined): Promise<void>
}

/**
 * The readers of a process that wait for messages: woken by messages that this process stores, by notifications of
 * other processes and, while those are not received, every 250 ms by one timer.
 */
export class Waiters {
  readonly #wakes: MessageWakes | undefined
  readonly #closedError: () => Error
  readonly #waiting = new Map<string, Set<WaitingReader>>()
  #timer: NodeJS.Timeout | undefined
  #stopListening: (() => void) | undefined
  #isClosed = false

  constructor(wakes: MessageWakes | undefined, closedError: () => Error) {
    this.#wakes = wakes
    this.#closedError = closedError
  }

  /** Whether notifications of other processes are received, so that no reader has to poll. */
  get isHearing(): boolean {
    return this.#wakes?.isHearing ?? false
  }

  /** A message may have been stored by this process. */
  tell(recipient: string): void {
    if (this.#waiting.size === 0 && !this.#wakes) return
    const mark = markOf(recipient)
    this.#wake(mark)
    this.#wakes?.tell(mark)
  }

  /** Wakes the readers of this process alone. */
  wake(recipient: string): void {
    if (this.#waiting.size > 0) this.#wake(markOf(recipient))
  }

  /** Starts listening. Call it before the first read, so that no message is missed between the read and the wait. */
  join(recipient: string): Waiter {
    const mark = markOf(recipient)
    const waiter = new WaitingReader(
      () => this.#leave(mark, waiter),
      () => (this.#isClosed ? this.#closedError() : undefined),
    )
    const others = this.#waiting.get(mark)
    if (others) others.add(waiter)
    else this.#waiting.set(mark, new Set([waiter]))
    this.#stopListening ??= this.#wakes?.listen((heard) => (heard === undefined ? this.#wakeAll() : this.#wake(heard)))
    this.#timer ??= setInterval(() => {
      if (!this.isHearing) this.#wakeAll()
    }, LOOK_EVERY_MS)
    return waiter
  }

  /** Ends every wait. */
  close(): void {
    this.#isClosed = true
    this.#wakeAll()
  }

  #leave(mark: string, waiter: WaitingReader): void {
    const others = this.#waiting.get(mark)
    others?.delete(waiter)
    if (others?.size === 0) this.#waiting.delete(mark)
    if (this.#waiting.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#stopListening?.()
    this.#stopListening = undefined
  }

  #wake(mark: string): void {
    for (const waiter of this.#waiting.get(mark) ?? []) waiter.wake()
  }

  #wakeAll(): void {
    for (const waiters of this.#waiting.values()) for (const waiter of waiters) waiter.wake()
  }
}

class WaitingReader implements Waiter {
  readonly #leave: () => void
  readonly #refusal: () => Error | undefined
  #isWoken = false
  #onWake: (() => void) | undefined

  constructor(leave: () => void, refusal: () => Error | undefined) {
    this.#leave = leave
    this.#refusal = refusal
  }

  wake(): void {
    this.#isWoken = true
    this.#onWake?.()
  }

  async wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    if (!this.#isWoken) await this.#woken(ms, signal)
    signal?.throwIfAborted()
    this.#isWoken = false
    const refusal = this.#refusal()
    if (refusal) throw refusal
  }

  #woken(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', end)
        this.#onWake = undefined
        resolve()
      }
      const timer = setTimeout(end, ms)
      signal?.addEventListener('abort', end, { once: true })
      this.#onWake = end
    })
  }

  [Symbol.dispose](): void {
    this.#leave()
  }
}
