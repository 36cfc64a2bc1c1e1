/** How a process caches. */
export interface CacheSettings {
  /** REDIS_URL. Default: memory alone. */
  readonly redisUrl?: string | undefined
  /** CACHE_SECRET: signs what lies in Redis. */
  readonly secret?: string | undefined
  /** CACHE_PREFIX: in front of all keys in Redis. Default `miyabi`. */
  readonly prefix?: string | undefined
  /** CACHE_MEMORY: what the entries in memory may take, in MiB, about. Default 64. */
  readonly memoryMiB?: number | undefined
}
