/** What the cache of a process has done since it was first used. */
export interface CacheStats {
  /** Calls answered from memory. */
  readonly hits: number
  /** Calls answered from Redis. */
  readonly secondHits: number
  /** Calls answered by neither. */
  readonly misses: number
  /** Loads that were started: fewer than misses if several calls waited for one. */
  readonly loads: number
  /** Values served past their time: while a newer one was loaded, or because a store failed. */
  readonly stale: number
  /** Failures of Redis, and its entries that were refused. */
  readonly errors: number
  /** Values that were too large to keep. */
  readonly tooLarge: number
  /** Current entries in memory. */
  readonly entries: number
  /** Their approximate size in memory, in bytes. */
  readonly bytes: number
  /** Whether the process receives raised tags; otherwise memory is not served from. */
  readonly isHearing: boolean
}

/** Those that are counted. */
export type CacheCounts = { -readonly [K in Exclude<keyof CacheStats, 'entries' | 'bytes' | 'isHearing'>]: number }

export const noCounts = (): CacheCounts => ({
  hits: 0,
  secondHits: 0,
  misses: 0,
  loads: 0,
  stale: 0,
  errors: 0,
  tooLarge: 0,
})
