/** What the cache of a process did since it was first used. */
export interface CacheStats {
  /** Calls that were answered from memory. */
  readonly hits: number
  /** Calls that were answered from Redis. */
  readonly secondHits: number
  /** Calls that were answered by neither. */
  readonly misses: number
  /** Loads that were begun: fewer than misses where several calls waited for one. */
  readonly loads: number
  /** Values that were served beyond their time: while a newer one was loaded, or because a store failed. */
  readonly stale: number
  /** Failures of Redis, and entries of it that were refused. */
  readonly errors: number
  /** Values that were too large to be kept. */
  readonly tooLarge: number
  /** Entries in memory at this moment. */
  readonly entries: number
  /** Their size in memory, in bytes, about. */
  readonly bytes: number
  /** Whether the process hears of tags, without which memory is not served from. */
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
