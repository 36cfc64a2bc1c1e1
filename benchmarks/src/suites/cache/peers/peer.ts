/** How a library is set up for one workload. */
export interface PeerOptions {
  /** Entries of one row that its memory holds, about. */
  readonly entries: number
  /** In front of its keys in Redis: nobody shares an entry. */
  readonly prefix: string
}

/** Loads the value of a key. */
export type Load = (key: string) => Promise<unknown>

/** A cache in memory over one in Redis. */
export interface CachePeer extends AsyncDisposable {
  readonly name: string
  /** The value of a key for `ttlMs`: from memory, from Redis, or loaded. */
  getOrSet(key: string, ttlMs: number, load: Load): Promise<unknown>
  /** Lets nobody be served any more what was cached under a key. Left out: it cannot. */
  readonly invalidate?: (key: string) => Promise<void>
}
