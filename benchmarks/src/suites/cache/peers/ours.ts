import { DatabaseContext, tag } from '@miyabi/db'
import type { Servers } from '../../../servers/servers.js'
import type { CachePeer, PeerOptions } from './peer.js'

/** Approximate size of an entry of one row in our memory, in bytes. */
const ROW_BYTES = 1_300
const MIB = 1_048_576

/** The additional variables of our environment, besides the servers. */
export const CACHE_SECRET = 'the secret of the benchmarks, which is no secret'

/** Ours with Redis, called with the service identity; each call is a separate request. */
export async function openOurs(
  servers: Servers,
  redisUrl: string,
  { entries, prefix }: PeerOptions,
): Promise<CachePeer> {
  const db = await DatabaseContext.fromEnv({
    env: {
      DATABASE_URL: servers.databaseUrl,
      SERVICE_DATABASE_URL: servers.serviceDatabaseUrl,
      DYNAMODB_ENDPOINT: servers.dynamodbEndpoint,
      REDIS_URL: redisUrl,
      CACHE_SECRET,
      CACHE_PREFIX: prefix,
      CACHE_MEMORY: String(Math.max(1, Math.round((entries * ROW_BYTES) / MIB))),
      DB_SERVICE_MAX_CONNECTIONS: '20',
    },
  })
  return {
    name: 'ours',
    getOrSet: (key, ttlMs, load) =>
      db.asService().cache.getOrSet(['plugin', key], { ttlMs, tags: [tag.row('plugins', key)] }, async () => load(key)),
    [Symbol.asyncDispose]: async () => void (await db.close(0)),
  }
}
