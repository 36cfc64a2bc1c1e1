import { MiyabiError, type MiyabiErrorOptions } from '@miyabi/core'

/** The meaning of each code of the cache. */
export const CACHE_ERRORS = {
  'db.cache.invalid': 'This cache call is invalid',
  'db.cache.not_cacheable': 'The loaded value contains something that the cache cannot store unchanged',
  'db.cache.strategy_refused': 'This Prisma call cannot be cached',
  'db.cache.client_missing': 'REDIS_URL is set, but the package @redis/client is not installed',
} as const

export type CacheErrorCode = keyof typeof CACHE_ERRORS

const REMEDIES: Partial<Record<CacheErrorCode, string>> = {
  'db.cache.not_cacheable': 'load plain objects, arrays, strings, numbers, bigints, dates, decimals and bytes',
  'db.cache.strategy_refused': 'omit cacheStrategy',
  'db.cache.client_missing': 'run `pnpm add @redis/client`, or unset REDIS_URL',
}

/** The details of a cache error: names and positions, never a value. */
export interface CacheErrorDetails {
  /** What is wrong with the call, or the position in the value. */
  readonly argument?: string
}

/** An invalid cache call, or a value that the cache cannot store. Nothing was stored. */
export class CacheError<Code extends CacheErrorCode = CacheErrorCode> extends MiyabiError<Code, CacheErrorDetails> {
  override readonly name = 'CacheError'

  /** @param reason what happened, if it is more specific than the code. */
  constructor(code: Code, reason?: string, options: MiyabiErrorOptions<CacheErrorDetails> = {}) {
    super(code, reason ?? CACHE_ERRORS[code], { remedy: REMEDIES[code], ...options })
  }
}

/** One of the errors of the cache. */
export type AnyCacheError = { [Code in CacheErrorCode]: CacheError<Code> }[CacheErrorCode]
