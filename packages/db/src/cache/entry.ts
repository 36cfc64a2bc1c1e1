import type { Position } from '@miyabi/postgres'

/** A value as it was loaded. Nobody outside has it: callers get copies. */
export interface Entry {
  readonly value: unknown
  /** Of the primary, before the rows were read. */
  readonly position: Position
  /** Of the application's clock, in milliseconds. */
  readonly freshUntil: number
  /** Until when it may be served where no newer one can be had. */
  readonly keptUntil: number
  /** Of its encoded form. */
  readonly bytes: number
}

/** One call, ready for all levels. */
export interface CacheRequest {
  /** Whose, what, and with which tags: another tag is another entry. */
  readonly key: string
  /** Its own, that of the identity, and that of all entries. */
  readonly tags: readonly string[]
  readonly ttlMs: number
  readonly absentTtlMs: number
  /** For how long beyond its time it is served while a newer one is loaded. */
  readonly swrMs: number
  /** For how long beyond its time it is served where a store fails. */
  readonly staleIfErrorMs: number
  /** How long beyond its time it is kept: the longer of the two. */
  readonly keepMs: number
  /** What the caller has seen or written: nothing older. */
  readonly minimum: Position | undefined
  /** @param position of the primary, behind which the load may read nothing. */
  readonly load: (position: Position) => Promise<unknown>
}

/** Whether an entry is none of before what the caller knows. */
export function isSeen({ position }: Entry, minimum: Position | undefined): boolean {
  return minimum === undefined || (minimum.history === position.history && position.lsn >= minimum.lsn)
}
