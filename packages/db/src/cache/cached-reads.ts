import type { CachedRead, CacheTag, Postgres, ReadCache } from '@miyabi/postgres'
import { CacheError } from '../errors/cache-error.js'
import { identityTag } from '../outbox/identity-tag.js'
import { Seen } from '../seen/seen.js'
import { copied } from './copied.js'
import type { CacheDoor } from './door.js'
import { entryKey, entryRequest, MAX_TTL_MS, type OfScope, outOfBounds, problemOfTags } from './entry-request.js'

const OBSTACLES = {
  write: ['writes, or is not a model call', 'omit cacheStrategy: only model reads are cached'],
  transaction: [
    'is part of a transaction, whose reads cannot be cached',
    'omit cacheStrategy, or read outside the transaction',
  ],
  replica: ['reads from replicas', 'call it on `me.pg`: cached reads need no replica'],
  extension: ['is called on a client with extensions', 'call it on `me.pg` itself, or use `me.cache.getOrSet`'],
} as const

const refused = (reason: string, remedy: string): CacheError =>
  new CacheError('db.cache.strategy_refused', reason, { remedy, details: { argument: 'cacheStrategy' } })

/** For the client without an identity: only reads with an identity are cached. */
export const refusingReads: ReadCache = {
  read: async (call) => {
    assertPossible(call)
    throw refused(
      `${call.clientMethod} is called on a client that has no cache`,
      'call it on `db.as(identity).pg` or `db.asService().pg`',
    )
  },
}

/**
 * Returns the cache of the service's client, which all callers with the service identity share until one of them
 * caches; from then on each has its own. It serves no value that is older than the last write of any of them.
 */
export function readsOfAll(door: CacheDoor, service: Pick<Postgres, 'position' | 'written'>): ReadCache {
  const written = new Seen({
    ask: () => service.position(),
    answered: () => service.written,
    after: undefined,
  })
  const reads = cachedReads(door, { own: identityTag('service'), minimum: () => written.position() })
  return {
    read(call, load) {
      door.noteReads()
      return reads.read(call, load)
    },
  }
}

/** Lets the reads of one scope request caching with `cacheStrategy`. */
export function cachedReads(door: CacheDoor, { own, minimum }: OfScope): ReadCache {
  return {
    async read(call, load) {
      assertPossible(call)
      const { tags, ttlMs, swrMs } = timesOf(call)
      if (ttlMs + swrMs === 0) return load()
      const { core, keyOf } = door.opened ?? (await door.open())
      const key = entryKey(own, keyOf(call), tags)
      const seen = await minimum()
      const hit = core.hit(key, seen)
      if (hit) return copied(hit.value)
      door.checkTags(tags)
      const asked = { key, tags, ttlMs, absentTtlMs: ttlMs, swrMs, staleIfErrorMs: 0 }
      return core.get(entryRequest(own, asked, { minimum: seen, load }))
    },
  }
}

/** @throws {CacheError} `db.cache.strategy_refused` */
function assertPossible({ clientMethod, obstacle }: CachedRead): void {
  if (obstacle === undefined) return
  const [reason, remedy] = OBSTACLES[obstacle]
  throw refused(`${clientMethod} ${reason}`, remedy)
}

/** @throws {CacheError} `db.cache.invalid`, listing every fault. */
function timesOf({ clientMethod, strategy }: CachedRead) {
  const isRecord = typeof strategy === 'object' && strategy !== null && !Array.isArray(strategy)
  const { ttl = 0, swr = 0, tags = [], ...others } = (isRecord ? strategy : {}) as Readonly<Record<string, unknown>>
  const problems = [
    ...(isRecord ? [] : ['it is not an object']),
    ...Object.keys(others).map((name) => `unknown option ${name}; expected ttl, swr or tags`),
    ...problemOfTags(tags),
    ...outOfBounds({ ttl, swr }, { min: 0, max: MAX_TTL_MS / 1000, unit: 'seconds' }),
  ]
  if (problems.length > 0) {
    const reason = `The cacheStrategy of ${clientMethod} is invalid: ${problems.join('; ')}`
    throw new CacheError('db.cache.invalid', reason, { details: { argument: 'cacheStrategy' } })
  }
  return { ttlMs: Number(ttl) * 1000, swrMs: Number(swr) * 1000, tags: tags as readonly CacheTag[] }
}
