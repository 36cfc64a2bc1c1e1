import KeyvRedis from '@keyv/redis'
import { Cacheable, createKeyv } from 'cacheable'
import type { CachePeer, PeerOptions } from './peer.js'

/** cacheable as its README sets it up: memory with a limit, and Redis. Its `getOrSet` takes no tags. */
export function openCacheable(redisUrl: string, { entries, prefix }: PeerOptions): CachePeer {
  const secondary = new KeyvRedis(redisUrl)
  const cache = new Cacheable({ namespace: prefix, primary: createKeyv({ lruSize: entries }), secondary })
  return {
    name: 'cacheable',
    getOrSet: (key, ttl, load) => cache.getOrSet(key, () => load(key), { ttl }),
    [Symbol.asyncDispose]: () => cache.disconnect(),
  }
}
