import type { CacheTag } from '../outbox/tags.js'

/** The key of an entry, in addition to its identity and its tags. */
export type CacheKey = readonly (string | number | boolean | bigint | null)[]

/** How a value is cached. */
export interface CacheOptions {
  /** Tags of the data that the value depends on, up to 50. Default: the identity alone; the value expires by time. */
  readonly tags?: readonly CacheTag[]
  /** How long the value is served, in milliseconds: from 1 to 86,400,000 (one day). */
  readonly ttlMs: number
  /** The time to live of a value of null or undefined. Default: `ttlMs`. */
  readonly absentTtlMs?: number
  /**
   * How long an expired value is served while a store is unreachable, in milliseconds, up to one day; never after one
   * of its tags was raised. Default 0.
   */
  readonly staleIfErrorMs?: number
  /**
   * How long an expired value is served while a newer one is loaded, in milliseconds, up to one day; never after one of
   * its tags was raised. Default 0.
   */
  readonly staleWhileRevalidateMs?: number
}
