/** A dependency of an entry: when the tag is raised, entries stored before are no longer served. Created by `tag`. */
export type CacheTag = `row:${string}` | `table:${string}` | `app:${string}`

/**
 * How a read is cached, for the calling identity. Accepted by the clients of scopes that have a cache:
 * `db.as(identity).pg` and `db.asService().pg`; rejected in transactions.
 */
export interface CacheStrategy {
  /** How long the result is served, in seconds up to 86,400 (a day). Default 0. */
  readonly ttl?: number | undefined
  /**
   * How long after `ttl` it is still served while a newer one is loaded, in seconds up to 86,400; never after one of
   * its tags was raised. Default 0.
   */
  readonly swr?: number | undefined
  /** The dependencies of the result: up to 50. Default: only the identity, so the entry ends only with its time. */
  readonly tags?: readonly CacheTag[] | undefined
}
