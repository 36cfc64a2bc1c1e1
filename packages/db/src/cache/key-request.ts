import { CacheError } from '../errors/cache-error.js'
import type { OwnTag } from '../outbox/tags.js'
import type { CacheKey, CacheOptions } from './cache-options.js'
import { type Asked, areTags, entryKey, isTime, MAX_TTL_MS, outOfBounds, problemOfTags } from './entry-request.js'

const MAX_KEY = 4_096

/**
 * Validates a call of `getOrSet`.
 * @throws {CacheError} `db.cache.invalid`, listing every fault.
 */
export function keyRequest(own: OwnTag, key: CacheKey, options: CacheOptions): Asked {
  const { tags = [], ttlMs, absentTtlMs = ttlMs, staleIfErrorMs = 0, staleWhileRevalidateMs: swrMs = 0 } = options
  const name = nameOf(key)
  const areTimes = isTime(ttlMs, 1) && isTime(absentTtlMs, 1) && isTime(staleIfErrorMs, 0) && isTime(swrMs, 0)
  if (name === undefined || !areTimes || !areTags(tags)) throw invalid(name, options)
  return { key: entryKey(own, name, tags), tags, ttlMs, absentTtlMs, staleIfErrorMs, swrMs }
}

/** Created only for an invalid call: creating it takes longer than a hit. */
function invalid(name: string | undefined, options: CacheOptions): CacheError {
  const { tags = [], ttlMs, absentTtlMs = ttlMs, staleIfErrorMs = 0, staleWhileRevalidateMs = 0 } = options
  const upTo = { max: MAX_TTL_MS, unit: 'milliseconds' }
  const problems = [
    ...(name === undefined
      ? [`the key is not an array of strings, numbers, booleans, bigints and null of at most ${MAX_KEY} characters`]
      : []),
    ...problemOfTags(tags),
    ...outOfBounds({ ttlMs, absentTtlMs }, { min: 1, ...upTo }),
    ...outOfBounds({ staleIfErrorMs, staleWhileRevalidateMs }, { min: 0, ...upTo }),
  ]
  return new CacheError('db.cache.invalid', problems.join('; '))
}

/** Returns a unique text for a key: `1`, `'1'` and `1n` differ. Undefined for an invalid key. */
function nameOf(key: unknown): string | undefined {
  if (!Array.isArray(key) || key.length === 0) return undefined
  let hasBigint = false
  for (const part of key as readonly unknown[]) {
    if (typeof part === 'bigint') hasBigint = true
    else if (part !== null && typeof part !== 'string' && typeof part !== 'boolean' && !Number.isFinite(part))
      return undefined
  }
  const name = hasBigint ? JSON.stringify(key, bigintAsObject) : JSON.stringify(key)
  return name.length <= MAX_KEY ? name : undefined
}

const bigintAsObject = (_: string, part: unknown): unknown =>
  typeof part === 'bigint' ? { bigint: String(part) } : part
