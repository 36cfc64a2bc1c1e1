import type { Position, ReadCache } from '@miyabi/postgres'
import type { OwnTag } from '../outbox/tags.js'
import type { Seen } from '../seen/seen.js'
import type { CacheKey, CacheOptions } from './cache-options.js'
import { cachedReads } from './cached-reads.js'
import { copied } from './copied.js'
import type { CacheDoor } from './door.js'
import { entryRequest } from './entry-request.js'
import { keyRequest } from './key-request.js'

export type { CacheKey, CacheOptions }

/**
 * Values that are loaded once for one identity and shared by all processes; never with another identity, whatever the
 * key.
 */
export interface ScopedCache<Scope> {
  /**
   * Returns the value of a key: from memory, from Redis if REDIS_URL is set, or loaded. Once a change of what a tag
   * stands for was committed and the relay has raised the tag, no older value is served. Each caller gets a copy.
   *
   * ```ts
   * const plugin = await me.cache.getOrSet(
   *   ['plugin', id],
   *   { tags: [tag.row('plugins', id)], ttlMs: 60_000 },
   *   ({ pg }) => pg.plugin.findUnique({ where: { id } }),
   * )
   * ```
   *
   * @param load receives the scope. Its error is thrown to every caller that waited for it.
   * @throws {CacheError} `db.cache.invalid`, `db.cache.not_cacheable`
   */
  getOrSet<T>(key: CacheKey, options: CacheOptions, load: (scope: Scope) => Promise<T>): Promise<T>
  /** Stops serving what was loaded for this identity: immediately in this process, elsewhere as with tags. */
  forget(): Promise<void>
}

/** What a cache needs of its scope. */
export interface CacheScope<Scope> {
  readonly door: CacheDoor
  readonly own: OwnTag
  readonly scope: Scope
  /** What the scope has written, or brought along. */
  readonly seen: Pick<Seen, 'known' | 'position'>
  /** Lets the scope read nothing of before `position`, from a replica either: an entry counts from there. */
  readonly readFrom: (position: Position) => void
  /** Leaves the raise of tags in the outbox. */
  readonly raiseLater: (tags: readonly OwnTag[]) => Promise<void>
}

/** What one identity has of the cache. */
export interface CacheOfScope<Scope> {
  readonly cache: ScopedCache<Scope>
  /** Of its Prisma client. */
  readonly reads: ReadCache
}

/** The cache as one identity has it. */
export function cacheOfScope<Scope>(of: CacheScope<Scope>): CacheOfScope<Scope> {
  return new CacheForScope(of)
}

/** A class, since one is created for each request. */
class CacheForScope<Scope> implements CacheOfScope<Scope>, ScopedCache<Scope> {
  readonly #of: CacheScope<Scope>
  #forgotten: Position | undefined
  #reads: ReadCache | undefined

  constructor(of: CacheScope<Scope>) {
    this.#of = of
  }

  get cache(): ScopedCache<Scope> {
    return this
  }

  get reads(): ReadCache {
    const { door, own } = this.#of
    this.#reads ??= cachedReads(door, { own, minimum: () => this.#minimum() })
    return this.#reads
  }

  readonly getOrSet = async <T>(
    key: CacheKey,
    options: CacheOptions,
    load: (given: Scope) => Promise<T>,
  ): Promise<T> => {
    const { door, own, scope, seen, readFrom } = this.#of
    const asked = keyRequest(own, key, options)
    const { core } = door.opened ?? (await door.open())
    // A hit in memory takes no turn of a promise.
    const known = seen.known()
    const minimum = known === 'ask' ? await this.#minimum() : (known ?? this.#forgotten)
    const hit = core.hit(asked.key, minimum)
    if (hit) return copied(hit.value) as T
    door.checkTags(options.tags ?? [])
    const loadFrom = (position: Position): Promise<T> => {
      readFrom(position)
      return load(scope)
    }
    return (await core.get(entryRequest(own, asked, { minimum, load: loadFrom }))) as T
  }

  readonly forget = async (): Promise<void> => {
    const { door, own, raiseLater } = this.#of
    await raiseLater([own])
    const { core } = await door.open()
    this.#forgotten = await core.position()
    core.board.raise([own], this.#forgotten)
  }

  async #minimum(): Promise<Position | undefined> {
    return (await this.#of.seen.position()) ?? this.#forgotten
  }
}
