/** The setup of a library for one workload. */
export interface PeerOptions {
  /** Approximate number of entries of one row that fit in its memory. */
  readonly entries: number
  /** The prefix of its keys in Redis, so that no entry is shared. */
  readonly prefix: string
}

/** Loads the value of a key. */
export type Load = (key: string) => Promise<unknown>

/** A cache in memory, backed by one in Redis. */
export interface CachePeer extends AsyncDisposable {
  readonly name: string
  /** Returns the value of a key, valid for `ttlMs`: from memory, from Redis, or loaded. */
  getOrSet(key: string, ttlMs: number, load: Load): Promise<unknown>
  /** Invalidates the value of a key in all processes. Absent if the library does not support this. */
  readonly invalidate?: (key: string) => Promise<void>
}
