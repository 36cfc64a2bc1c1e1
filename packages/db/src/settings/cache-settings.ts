import { defineSettings, type Environment, field, printable } from '@miyabi/core'

/** Where values are cached beside the memory of each process. */
export const cacheSettings = defineSettings({
  title: 'Cache',
  fields: {
    REDIS_URL: field.url({
      doc: 'Redis or Valkey, one server or a cluster, which the processes of a deployment share as the second level of `me.cache`; `rediss://` is encrypted. It needs the package @redis/client, and CACHE_SECRET. Set it for the relay too: the relay raises the tags there. Unset: each process caches in memory alone.',
      protocols: ['redis', 'rediss'],
      defaultText: 'none: memory alone',
      example: 'redis://localhost:6379',
    }),
    CACHE_SECRET: field.secret({
      doc: 'Signs what lies in Redis, so that nobody without it can plant a value there. The same in all processes; with another one the cache begins empty.',
      defaultText: 'none; required with REDIS_URL',
      example: '',
      minBytes: 32,
    }),
    CACHE_PREFIX: field.pattern({
      doc: 'Stands in front of all keys in Redis: one for each deployment that shares it.',
      default: 'miyabi',
      matches: /^[\w.-]{1,50}$/,
      expected: 'up to 50 letters, digits, dots, hyphens and underscores',
    }),
    CACHE_MEMORY: field.integer({
      doc: 'What the entries in the memory of a process may take, about. Those that were used longest ago go first.',
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
            problem: 'is not set, and REDIS_URL is',
            expected: 'a random text of 32 bytes or more',
          }
        : undefined,
  ],
})

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

/** The settings of a cache as values. */
export function parseCacheSettings(env: Environment): CacheSettings {
  const { REDIS_URL, CACHE_SECRET, CACHE_PREFIX, CACHE_MEMORY } = cacheSettings.parse(env)
  return printable({ redisUrl: REDIS_URL, secret: CACHE_SECRET, prefix: CACHE_PREFIX, memoryMiB: CACHE_MEMORY })
}
