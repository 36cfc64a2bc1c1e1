import type { Position } from '@miyabi/postgres'

/** A loaded value. It never leaves the cache: callers get copies. */
export interface Entry {
  readonly value: unknown
  /** The position of the primary before the rows were read. */
  readonly position: Position
  /** By the application's clock, in milliseconds. */
  readonly freshUntil: number
  /** The time until which it may be served if no newer one is available. */
  readonly keptUntil: number
  /** The size of its encoded form. */
  readonly bytes: number
}

/** A call, prepared for all levels. */
export interface CacheRequest {
  /** Owner, name and tags: the same name with other tags is another entry. */
  readonly key: string
  /** The tags of the call, the tag of the identity and the tag of all entries. */
  readonly tags: readonly string[]
  readonly ttlMs: number
  readonly absentTtlMs: number
  /** How long an expired value is served while a newer one is loaded. */
  readonly swrMs: number
  /** How long an expired value is served while a store fails. */
  readonly staleIfErrorMs: number
  /** How long an expired value is kept: the longer of the two. */
  readonly keepMs: number
  /** The position that the caller has seen or written. Older entries are not served. */
  readonly minimum: Position | undefined
  /** @param position of the primary. The load must not read an older state. */
  readonly load: (position: Position) => Promise<unknown>
}

/** Whether an entry is not older than the state that the caller knows. */
export function isSeen({ position }: Entry, minimum: Position | undefined): boolean {
  return minimum === undefined || (minimum.history === position.history && position.lsn >= minimum.lsn)
}
