import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis'
import type { CachePeer, PeerOptions } from './peer.js'

/** BentoCache, set up as in its documentation of multiple tiers: memory, Redis, and a bus between processes. */
export function openBento(redisUrl: string, { entries, prefix }: PeerOptions): CachePeer {
  const { hostname: host, port } = new URL(redisUrl)
  const connection = { host, port: Number(port) }
  const store = bentostore()
    .useL1Layer(memoryDriver({ maxItems: entries }))
    .useL2Layer(redisDriver({ connection }))
    .useBus(redisBusDriver({ connection }))
  const bento = new BentoCache({ default: 'tiers', prefix, stores: { tiers: store } })
  return {
    name: 'BentoCache',
    getOrSet: (key, ttl, load) => bento.getOrSet({ key, ttl, tags: [`plugins:${key}`], factory: () => load(key) }),
    invalidate: async (key) => void (await bento.deleteByTag({ tags: [`plugins:${key}`] })),
    [Symbol.asyncDispose]: () => bento.disconnectAll(),
  }
}
