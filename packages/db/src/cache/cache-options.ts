import type { CacheTag } from '../outbox/tags.js'

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
