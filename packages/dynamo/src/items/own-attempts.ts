import { MiyabiError } from '@miyabi/core'
import type { CallRecord } from '../errors/call-record.js'
import { DynamoError } from '../errors/errors.js'

/** The most attempts that are remembered; beyond that the oldest are dropped. */
const MAX_REMEMBERED = 1000

/**
 * The attempts of this process whose outcome is unknown. A repetition of such a call continues the first attempt, under
 * the same marks, and so recognizes its own work if it had succeeded. Remembered by this process alone, and not
 * forever: a call that must survive the process takes an id from its caller.
 */
export class OwnAttempts<Attempt> {
  readonly #remembered = new Map<string, Attempt[]>()

  /**
   * Continues the attempt made before under this key that ended without a response, or starts a new one.
   *
   * @param keyOf returns what identifies equal calls; called only when it matters.
   * @param work must pass `signal` to every request.
   */
  async during<T>(
    keyOf: () => string,
    { signal, record }: { readonly signal: AbortSignal; readonly record: CallRecord },
    begin: () => Attempt,
    work: (attempt: Attempt, isRepeated: boolean) => Promise<T>,
  ): Promise<T> {
    const before = this.#remembered.size === 0 ? undefined : this.#take(keyOf())
    const attempt = before ?? begin()
    const remember = (): void => {
      if (before !== undefined || record.possibleWrites > 0) this.#remember(keyOf(), attempt)
    }
    // The caller gets the deadline immediately, before the requests in flight have noticed.
    signal.addEventListener('abort', remember, { once: true })
    try {
      return await work(attempt, before !== undefined)
    } catch (error) {
      // Any error that is not a DynamoDB failure is an outcome, such as a stale state.
      const isAnswer = error instanceof MiyabiError && !(error instanceof DynamoError)
      if (!signal.aborted && !isAnswer) remember()
      throw error
    } finally {
      signal.removeEventListener('abort', remember)
    }
  }

  #take(key: string): Attempt | undefined {
    const attempts = this.#remembered.get(key)
    const attempt = attempts?.shift()
    if (attempts?.length === 0) this.#remembered.delete(key)
    return attempt
  }

  #remember(key: string, attempt: Attempt): void {
    const attempts = this.#remembered.get(key) ?? []
    this.#remembered.delete(key)
    this.#remembered.set(key, [...attempts, attempt])
    const [oldest] = this.#remembered.keys()
    if (this.#remembered.size > MAX_REMEMBERED && oldest !== undefined) this.#remembered.delete(oldest)
  }
}
