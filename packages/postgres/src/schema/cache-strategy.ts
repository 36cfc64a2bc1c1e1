/** What an entry depends on: when it is raised, entries of before are not served any more. Made by `tag`. */
export type CacheTag = `row:${string}` | `table:${string}` | `app:${string}`

/**
 * How a read is cached, for the identity that asks. Taken by the clients of scopes that have a cache:
 * `db.as(identity).pg` and `db.asService().pg`; refused in transactions.
 */
export interface CacheStrategy {
  /** For how long the result is served, in seconds up to 86,400, a day. Default 0. */
  readonly ttl?: number | undefined
  /**
   * For how long beyond `ttl` it is served while a newer one is loaded, in seconds up to 86,400; never once a tag of it
   * was raised. Default 0.
   */
  readonly swr?: number | undefined
  /** What the result depends on: up to 50. Default: nothing but the identity; it ends with its time. */
  readonly tags?: readonly CacheTag[] | undefined
}
