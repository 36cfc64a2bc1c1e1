import { MiyabiError, type MiyabiErrorOptions } from '@miyabi/core'

/** What each code of the cache means. */
export const CACHE_ERRORS = {
  'db.cache.invalid': 'This call of the cache cannot be',
  'db.cache.not_cacheable': 'The loaded value holds what the cache cannot keep as it is',
  'db.cache.strategy_refused': 'This call of Prisma cannot be cached',
  'db.cache.client_missing': 'REDIS_URL is set, and the package @redis/client is not installed',
} as const

export type CacheErrorCode = keyof typeof CACHE_ERRORS

const REMEDIES: Partial<Record<CacheErrorCode, string>> = {
  'db.cache.not_cacheable': 'load plain objects, arrays, texts, numbers, bigints, dates, decimals and bytes',
  'db.cache.strategy_refused': 'leave cacheStrategy out',
  'db.cache.client_missing': 'run `pnpm add @redis/client`, or unset REDIS_URL',
}

/** What an error of the cache tells: names and places, never a value. */
export interface CacheErrorDetails {
  /** What is wrong with the call, or where in the value. */
  readonly argument?: string
}

/** A call of the cache that cannot be, or a value that it cannot keep. Nothing was stored. */
export class CacheError<Code extends CacheErrorCode = CacheErrorCode> extends MiyabiError<Code, CacheErrorDetails> {
  override readonly name = 'CacheError'

  /** @param reason what happened, where that is more than the code says. */
  constructor(code: Code, reason?: string, options: MiyabiErrorOptions<CacheErrorDetails> = {}) {
    super(code, reason ?? CACHE_ERRORS[code], { remedy: REMEDIES[code], ...options })
  }
}

/** One of the errors of the cache. */
export type AnyCacheError = { [Code in CacheErrorCode]: CacheError<Code> }[CacheErrorCode]
