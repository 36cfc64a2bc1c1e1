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
 * Values that are loaded once for an identity and shared by all processes. They are never shared with another identity,
 * whatever the key.
 */
export interface ScopedCache<Scope> {
  /**
   * Returns the value of a key: from memory, from Redis if REDIS_URL is set, or by loading it. Once a change of the
   * data that a tag stands for is committed and the relay has raised the tag, no older value is served. Each caller
   * gets a copy.
   *
   * ```ts
   * const plugin = await me.cache.getOrSet(
   *   ['plugin', id],
   *   { tags: [tag.row('plugins', id)], ttlMs: 60_000 },
   *   ({ pg }) => pg.plugin.findUnique({ where: { id } }),
   * )
   * ```
   *
   * @param load receives the scope. Its error is thrown to every caller that waits for it.
   * @throws {CacheError} `db.cache.invalid`, `db.cache.not_cacheable`
   */
  getOrSet<T>(key: CacheKey, options: CacheOptions, load: (scope: Scope) => Promise<T>): Promise<T>
  /** Stops serving values loaded for this identity: immediately in this process, in others as with tags. */
  forget(): Promise<void>
}

/** The dependencies of a cache on its scope. */
export interface CacheScope<Scope> {
  readonly door: CacheDoor
  readonly own: OwnTag
  readonly scope: Scope
  /** The position that the scope has written or was created with. */
  readonly seen: Pick<Seen, 'known' | 'position'>
  /** Keeps the scope from reading a state before `position`, also from a replica: an entry has this position. */
  readonly readFrom: (position: Position) => void
  /** Enqueues raising the tags in the outbox. */
  readonly raiseLater: (tags: readonly OwnTag[]) => Promise<void>
}

/** The part of the cache that belongs to one identity. */
export interface CacheOfScope<Scope> {
  readonly cache: ScopedCache<Scope>
  /** The cached reads of its Prisma client. */
  readonly reads: ReadCache
}

/** Returns the cache of one identity. */
export function cacheOfScope<Scope>(of: CacheScope<Scope>): CacheOfScope<Scope> {
  return new CacheForScope(of)
}

/** A class, because an instance is created for each request. */
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
    // A hit in memory usually awaits nothing.
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
