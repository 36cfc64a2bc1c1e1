import { type Logger, settlesWithin } from '@miyabi/core'

/** Interval between two checks, in milliseconds. */
const EVERY_MS = 10_000

/** How long the first call waits for the first check, in milliseconds. */
const OPEN_MS = 500

/** The dependencies of a watch. */
export interface RelayWatchParts {
  /** Returns the ids of all relays that hold a partition of the outbox. */
  readonly holders: () => Promise<readonly string[]>
  /** The suffix of the ids of relays that raise tags in this Redis. */
  readonly mark: string
  /** Drops all entries that were stored so far, in every process. */
  readonly forgetAll: () => Promise<void>
  readonly logger: Logger
}

/**
 * Checks that every relay raises tags in the Redis of this process. Tags that another relay raises never reach it:
 * until that relay is gone no value may be served, and afterwards no value from before.
 */
export class RelayWatch {
  readonly #parts: RelayWatchParts
  #isTrusted = true
  #timer: NodeJS.Timeout | undefined

  constructor(parts: RelayWatchParts) {
    this.#parts = parts
  }

  get isTrusted(): boolean {
    return this.#isTrusted
  }

  /** Checks now, and from then on every 10 seconds. Never rejects. */
  async open(): Promise<void> {
    this.#timer = setInterval(() => void this.#check(), EVERY_MS)
    this.#timer.unref()
    await settlesWithin(OPEN_MS, this.#check())
  }

  close(): void {
    clearInterval(this.#timer)
  }

  async #check(): Promise<void> {
    const { holders, mark, forgetAll, logger } = this.#parts
    try {
      const strangers = (await holders()).filter((id) => !id.endsWith(mark)).length
      if (strangers > 0) {
        if (this.#isTrusted)
          logger.error(
            { event: 'db.cache.relay_without_redis', relays: strangers },
            'the cache loads each time: a relay does not raise tags in the Redis of this process. Set REDIS_URL, CACHE_SECRET and CACHE_PREFIX of every process that runs a relay to the values of this one',
          )
        this.#isTrusted = false
      } else if (!this.#isTrusted) {
        await forgetAll()
        this.#isTrusted = true
        logger.info({ event: 'db.cache.relays_raise' }, 'every relay raises tags in the Redis of this process')
      }
    } catch {
      // PostgreSQL or Redis is unreachable: the last result remains valid.
    }
  }
}
