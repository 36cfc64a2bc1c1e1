import { MiyabiError } from '@miyabi/core'
import type { CallRecord } from '../errors/call-record.js'
import { DynamoError } from '../errors/errors.js'

/** So many are remembered; then the oldest are forgotten. */
const MAX_REMEMBERED = 1000

/**
 * What a process has tried without learning what came of it. Whoever repeats such a call goes on with the first
 * attempt, under the same marks, and so knows its own work again where it had been done. Remembered by this process
 * alone, and not for ever: a call that must survive the process takes an id from its caller.
 */
export class OwnAttempts<Attempt> {
  readonly #remembered = new Map<string, Attempt[]>()

  /**
   * Works as the attempt that was made before under this key and ended without an answer, or else as a new one.
   *
   * @param keyOf gives what makes two calls the same; asked only where it matters.
   * @param work must hand `signal` to every request.
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
    // The caller is told of the deadline at once, before what is on its way has noticed.
    signal.addEventListener('abort', remember, { once: true })
    try {
      return await work(attempt, before !== undefined)
    } catch (error) {
      // Whatever is no failure of DynamoDB's is an answer, such as that the state is stale.
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
