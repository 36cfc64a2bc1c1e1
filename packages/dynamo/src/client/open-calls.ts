import type { CallRecord } from '../errors/call-record.js'
import { DynamoError } from '../errors/errors.js'

/** The calls on their way, so that whoever closes can let them end. */
export class OpenCalls {
  #count = 0
  #isClosed = false
  #onNone: (() => void) | undefined

  /**
   * Counts a call in until `work` has ended.
   * @throws {DynamoError} `dynamo.closed` after `close()`.
   */
  async during<T>({ operation, tables }: OpenCall, work: () => Promise<T>): Promise<T> {
    if (this.#isClosed) throw closedError(operation, tables)
    this.#count += 1
    try {
      return await work()
    } finally {
      this.#count -= 1
      if (this.#count === 0) this.#onNone?.()
    }
  }

  /**
   * Takes no more calls, and waits for those on their way, which end by themselves within `DYNAMODB_TIMEOUT`.
   * @param graceMs how long at most. Default: no limit of its own.
   * @returns whether all have ended.
   */
  async close(graceMs?: number): Promise<boolean> {
    this.#isClosed = true
    if (this.#count === 0) return true
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.#onNone = resolve
      if (graceMs !== undefined) timer = setTimeout(resolve, graceMs)
    })
    clearTimeout(timer)
    return this.#count === 0
  }
}

interface OpenCall extends Pick<CallRecord, 'operation'> {
  readonly tables: readonly string[]
}

const closedError = (operation: string, tables: readonly string[]): DynamoError =>
  new DynamoError('dynamo.closed', `${operation} came after close(); nothing was sent`, {
    details: { operation, tables, attempts: 0, elapsedMs: 0 },
    retryable: false,
    effect: 'none',
  })
