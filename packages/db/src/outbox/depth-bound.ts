import { type Logger, safeCause } from '@miyabi/core'
import { OutboxError } from '../errors/outbox-error.js'

/** The limit on the depth of the outbox, as this process knows it. */
export interface DepthStats {
  /** DB_OUTBOX_MAX_DEPTH. */
  readonly maxDepth: number
  /** Waiting rows at the last count, up to `maxDepth`; undefined if that was too long ago. */
  readonly depth: number | undefined
  /** Transactions that were refused. */
  readonly refused: number
}

/** The shortest time between two counts, in milliseconds. */
const COUNT_EVERY_MS = 1000
/** Counting takes at most this fraction (one part in N) of the time. */
const SHARE = 20
/** How long a count stays valid after the next one is due, in milliseconds. */
const BELIEVED_MS = 5000

/**
 * Refuses effects while too many are waiting. It costs a transaction nothing: it uses the last count, and a new count
 * is started beside the work of a transaction that has effects, at most once a second, without waiting for it. So a
 * process exceeds the limit by what it writes in a second, and one that was idle by its first transaction.
 */
export class DepthBound {
  readonly #maxDepth: number
  readonly #count: (most: number) => Promise<number>
  readonly #logger: Logger
  #depth = 0
  #nextCountAt = Number.NEGATIVE_INFINITY
  #believedUntil = Number.NEGATIVE_INFINITY
  #isCounting = false
  #hasFailed = false
  #refused = 0

  /** @param count counts rows of the outbox up to a number. */
  constructor(maxDepth: number, count: (most: number) => Promise<number>, logger: Logger) {
    this.#maxDepth = maxDepth
    this.#count = count
    this.#logger = logger
  }

  get stats(): DepthStats {
    return { maxDepth: this.#maxDepth, depth: this.#isKnown ? this.#depth : undefined, refused: this.#refused }
  }

  /** Starts a count if one is due. */
  look(): void {
    if (this.#isCounting || performance.now() < this.#nextCountAt) return
    this.#isCounting = true
    void this.#recount().finally(() => {
      this.#isCounting = false
    })
  }

  /** @throws {OutboxError} `db.outbox.full` */
  assertRoom(): void {
    if (!this.#isKnown || this.#depth < this.#maxDepth) return
    this.#refused += 1
    throw new OutboxError('db.outbox.full', `${this.#maxDepth} effects or more are waiting for a relay`, {
      details: { maxDepth: this.#maxDepth },
      retryable: true,
    })
  }

  get #isKnown(): boolean {
    return performance.now() < this.#believedUntil
  }

  async #recount(): Promise<void> {
    const startedAt = performance.now()
    const next = (): number => {
      const now = performance.now()
      return now + Math.max(COUNT_EVERY_MS, (now - startedAt) * SHARE)
    }
    try {
      this.#depth = await this.#count(this.#maxDepth)
      this.#hasFailed = false
      this.#nextCountAt = next()
      this.#believedUntil = this.#nextCountAt + BELIEVED_MS
    } catch (error) {
      this.#nextCountAt = next()
      if (!this.#hasFailed) {
        const { message } = safeCause(error)
        this.#logger.warn(
          { event: 'db.outbox.depth_unknown', error },
          `the outbox cannot be counted, so the limit DB_OUTBOX_MAX_DEPTH is not enforced: ${message}`,
        )
      }
      this.#hasFailed = true
    }
  }
}
