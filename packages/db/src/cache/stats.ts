/** The counts of a process's cache since its first use. */
export interface CacheStats {
  /** Calls answered from memory. */
  readonly hits: number
  /** Calls answered from Redis. */
  readonly secondHits: number
  /** Calls answered from neither. */
  readonly misses: number
  /** Loads that were started: fewer than misses if several calls waited for the same load. */
  readonly loads: number
  /** Expired values that were served while a newer one was loaded, or because a store failed. */
  readonly stale: number
  /** Failures of Redis, and entries in it that were rejected. */
  readonly errors: number
  /** Values that were too large to keep. */
  readonly tooLarge: number
  /** Current entries in memory. */
  readonly entries: number
  /** Their approximate size in memory, in bytes. */
  readonly bytes: number
  /** Whether the process receives raised tags; otherwise no value is served from memory. */
  readonly isHearing: boolean
}

/** The statistics that are counters. */
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
