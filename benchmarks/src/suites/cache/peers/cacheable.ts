import KeyvRedis from '@keyv/redis'
import { Cacheable, createKeyv } from 'cacheable'
import type { CachePeer, PeerOptions } from './peer.js'

/** cacheable, set up as in its README: memory with a limit, and Redis. Its `getOrSet` accepts no tags. */
export function openCacheable(redisUrl: string, { entries, prefix }: PeerOptions): CachePeer {
  const secondary = new KeyvRedis(redisUrl)
  const cache = new Cacheable({ namespace: prefix, primary: createKeyv({ lruSize: entries }), secondary })
  return {
    name: 'cacheable',
    getOrSet: (key, ttl, load) => cache.getOrSet(key, () => load(key), { ttl }),
    [Symbol.asyncDispose]: () => cache.disconnect(),
  }
}
