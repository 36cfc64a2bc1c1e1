import type { Position } from '@miyabi/postgres'
import type { CacheTag } from '../outbox/tags.js'
import type { CacheHome, RelayOfProcess, Relays, ServiceQuery } from './home.js'
import type { OpenedCache } from './open-cache.js'
import { relayMark } from './redis/relay-mark.js'
import type { CacheStats } from './stats.js'
import { WriteWakes } from './write-wakes.js'

/** Gives access to the cache of a process. The cache is created, and its code loaded, on first use. */
export class CacheDoor implements Relays {
  readonly #home: CacheHome
  readonly #relays = new Set<RelayOfProcess>()
  #opening: Promise<OpenedCache> | undefined
  #opened: OpenedCache | undefined
  #isClosed = false
  readonly #wakes: WriteWakes
  #service: ServiceQuery | undefined
  #hasReads = false
  #hasRaised = false

  constructor(home: CacheHome) {
    this.#home = home
    this.#wakes = new WriteWakes(home.wakeRelays, home.isAnyRaised)
  }

  /** Records that this process may have changed rows. Costs nothing if there is no relay to wake. */
  noteWrite(): void {
    if (this.#relays.size > 0 || this.#home.listener) this.#wakes.wrote()
  }

  /** Whether a relay of this process has found tags. Triggers send no notification, so it has to poll for them. */
  get hasRaised(): boolean {
    return this.#hasRaised
  }

  /** Whether tags must be raised in Redis. */
  get hasRedis(): boolean {
    return this.#home.settings.redisUrl !== undefined
  }

  /** The suffix of the ids of this process's relays. */
  get relayMark(): string | undefined {
    return relayMark(this.#home.settings)
  }

  /** Lets the cache query as the service; without it, it cannot check the relays. */
  useService(query: ServiceQuery): void {
    this.#service = query
  }

  get opened(): OpenedCache | undefined {
    return this.#opened
  }

  /** Whether Prisma was called with a `cacheStrategy`. */
  get hasReads(): boolean {
    return this.#hasReads
  }

  noteReads(): void {
    this.#hasReads = true
  }

  stats(): CacheStats | undefined {
    return this.#opened?.core.stats()
  }

  /** @throws {CacheError} `db.cache.client_missing` */
  open(): Promise<OpenedCache> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  /** Marks entries with these tags that were read at or before `position` as outdated in this process. */
  raise(tags: readonly string[], position: Position): void {
    this.#hasRaised = true
    this.#opened?.core.board.raise(tags, position)
  }

  /**
   * Raises tags in Redis, if it is configured.
   * @throws if it is not certain that every tag was raised.
   */
  async raiseInRedis(tags: readonly string[], position: Position): Promise<void> {
    if (this.hasRedis) await (await this.open()).redis?.raise(tags, position)
  }

  /** @returns a function that removes the relay. */
  addRelay(relay: RelayOfProcess): () => void {
    this.#relays.add(relay)
    return () => {
      this.#relays.delete(relay)
    }
  }

  /** The coverage of the only relay of the store, if it runs in this process. */
  get coverage(): unknown {
    for (const { coverage } of this.#relays) if (coverage !== undefined) return coverage
    return undefined
  }

  resumeRelays(): void {
    for (const relay of this.#relays) relay.resume()
  }

  checkTags(tags: readonly CacheTag[]): void {
    this.#opened?.checkTags(tags)
  }

  close(): void {
    this.#isClosed = true
    this.#wakes.close()
    this.#opened?.close()
  }

  async #open(): Promise<OpenedCache> {
    const { openCache } = await import('./open-cache.js')
    const opened = await openCache(this.#home, this, this.#service)
    if (this.#isClosed) opened.close()
    this.#opened = opened
    return opened
  }
}
