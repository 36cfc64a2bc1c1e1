import { defineSettings, type Environment, field, printable } from '@miyabi/core'

/** Where values are cached besides the memory of each process. */
export const cacheSettings = defineSettings({
  title: 'Cache',
  fields: {
    REDIS_URL: field.url({
      doc: 'Redis or Valkey, one server or a cluster, shared by the processes of a deployment as the second level of `me.cache`; `rediss://` is encrypted. It requires the package @redis/client, and CACHE_SECRET. Set it for the relay too: the relay raises the tags there. Unset: each process caches in memory alone.',
      protocols: ['redis', 'rediss'],
      defaultText: 'none: memory alone',
      example: 'redis://localhost:6379',
    }),
    CACHE_SECRET: field.secret({
      doc: 'Signs the values in Redis, so that they cannot be forged without it. Use the same secret in all processes; with another secret the cache starts empty.',
      defaultText: 'none; required with REDIS_URL',
      example: '',
      minBytes: 32,
    }),
    CACHE_PREFIX: field.pattern({
      doc: 'Prefix of all keys in Redis: use a different one for each deployment that shares it.',
      default: 'miyabi',
      matches: /^[\w.-]{1,50}$/,
      expected: 'up to 50 letters, digits, dots, hyphens and underscores',
    }),
    CACHE_MEMORY: field.integer({
      doc: 'Approximate size of the entries in the memory of a process. The least recently used entries are removed first.',
      default: 64,
      min: 1,
      max: 65_536,
      unit: 'MiB',
    }),
  },
  rules: [
    ({ REDIS_URL, CACHE_SECRET }) =>
      REDIS_URL !== undefined && CACHE_SECRET === undefined
        ? {
            name: 'CACHE_SECRET',
            problem: 'is not set, but REDIS_URL is',
            expected: 'a random string of 32 bytes or more',
          }
        : undefined,
  ],
})

/** How a process caches. */
export interface CacheSettings {
  /** REDIS_URL. Default: memory alone. */
  readonly redisUrl?: string | undefined
  /** CACHE_SECRET: signs the values in Redis. */
  readonly secret?: string | undefined
  /** CACHE_PREFIX: prefix of all keys in Redis. Default `miyabi`. */
  readonly prefix?: string | undefined
  /** CACHE_MEMORY: approximate size of the entries in memory, in MiB. Default 64. */
  readonly memoryMiB?: number | undefined
}

/** The settings of a cache as values. */
export function parseCacheSettings(env: Environment): CacheSettings {
  const { REDIS_URL, CACHE_SECRET, CACHE_PREFIX, CACHE_MEMORY } = cacheSettings.parse(env)
  return printable({ redisUrl: REDIS_URL, secret: CACHE_SECRET, prefix: CACHE_PREFIX, memoryMiB: CACHE_MEMORY })
}
