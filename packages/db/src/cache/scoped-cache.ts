import type { Position, ReadCache } from '@miyabi/postgres'
import { CacheError } from '../errors/cache-error.js'
import type { CacheTag, OwnTag } from '../outbox/tags.js'
import { cachedReads } from './cached-reads.js'
import type { CacheDoor } from './door.js'
import type { CacheRequest } from './entry.js'
import { entryRequest, MAX_TTL_MS, outOfBounds, problemOfTags } from './entry-request.js'

/** What identifies an entry, besides its identity and its tags. */
export type CacheKey = readonly (string | number | boolean | bigint | null)[]

/** How a value is cached. */
export interface CacheOptions {
  /** What the value depends on. Default: only the identity; it expires with its time. Up to 50. */
  readonly tags?: readonly CacheTag[]
  /** How long it is served, in milliseconds: from 1 to 86,400,000, a day. */
  readonly ttlMs: number
  /** The same for a value of null or undefined. Default: `ttlMs`. */
  readonly absentTtlMs?: number
  /**
   * How long past its time it is served while a store is unreachable, in milliseconds up to a day; never after one of
   * its tags was raised. Default 0.
   */
  readonly staleIfErrorMs?: number
  /**
   * How long past its time it is served while a newer value is loaded, in milliseconds up to a day; never after one of
   * its tags was raised. Default 0.
   */
  readonly staleWhileRevalidateMs?: number
}

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
  readonly scope: () => Scope
  /** What the scope has seen or written. */
  readonly seen: () => Promise<Position | undefined>
  /** Lets the scope read nothing of before `position`, from a replica either: an entry counts from there. */
  readonly readFrom: (position: Position) => void
  /** Leaves the raise of tags in the outbox. */
  readonly raiseLater: (tags: readonly OwnTag[]) => Promise<void>
}

const MAX_KEY = 4_096

/** What one identity has of the cache. */
export interface CacheOfScope<Scope> {
  readonly cache: ScopedCache<Scope>
  /** Of its Prisma client. */
  readonly reads: ReadCache
}

/** The cache as one identity has it. */
export function cacheOfScope<Scope>({
  door,
  own,
  scope,
  seen,
  readFrom,
  raiseLater,
}: CacheScope<Scope>): CacheOfScope<Scope> {
  let forgotten: Position | undefined
  const minimum = async (): Promise<Position | undefined> => (await seen()) ?? forgotten
  const cache: ScopedCache<Scope> = {
    async getOrSet<T>(key: CacheKey, options: CacheOptions, load: (given: Scope) => Promise<T>): Promise<T> {
      const request = requestOf(key, options, own)
      const { core } = door.opened ?? (await door.open())
      door.checkTags(options.tags ?? [])
      const loadFrom = (position: Position): Promise<T> => {
        readFrom(position)
        return load(scope())
      }
      return (await core.get({ ...request, minimum: await minimum(), load: loadFrom })) as T
    },
    async forget() {
      await raiseLater([own])
      const { core } = await door.open()
      forgotten = await core.position()
      core.board.raise([own], forgotten)
    },
  }
  return { cache, reads: cachedReads(door, { own, minimum }) }
}

/** @throws {CacheError} `db.cache.invalid`, listing every fault. */
function requestOf(key: CacheKey, options: CacheOptions, own: OwnTag): Omit<CacheRequest, 'minimum' | 'load'> {
  const { tags = [], ttlMs, absentTtlMs = ttlMs, staleIfErrorMs = 0, staleWhileRevalidateMs: swrMs = 0 } = options
  const name = nameOf(key)
  const upTo = { max: MAX_TTL_MS, unit: 'milliseconds' }
  const problems = [
    ...(name !== undefined && name.length <= MAX_KEY
      ? []
      : [`the key is not an array of strings, numbers, booleans, bigints and null of at most ${MAX_KEY} characters`]),
    ...problemOfTags(tags),
    ...outOfBounds({ ttlMs, absentTtlMs }, { min: 1, ...upTo }),
    ...outOfBounds({ staleIfErrorMs, staleWhileRevalidateMs: swrMs }, { min: 0, ...upTo }),
  ]
  if (name === undefined || problems.length > 0) throw new CacheError('db.cache.invalid', problems.join('; '))
  return entryRequest(own, name, tags, { ttlMs, absentTtlMs, staleIfErrorMs, swrMs })
}

/** One text for one key: `1`, `'1'` and `1n` are three. */
function nameOf(key: unknown): string | undefined {
  if (!Array.isArray(key) || key.length === 0) return undefined
  const isGood = key.every(
    (part) => part === null || ['string', 'boolean', 'bigint'].includes(typeof part) || Number.isFinite(part),
  )
  if (!isGood) return undefined
  return JSON.stringify(key, (_, part: unknown) => (typeof part === 'bigint' ? { bigint: String(part) } : part))
}
