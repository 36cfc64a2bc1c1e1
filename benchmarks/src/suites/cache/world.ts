import { DatabaseContext } from '@miyabi/db'
import { RedisServer } from '@miyabi/testing'
import pg from 'pg'
import type { Servers } from '../../servers/servers.js'
import { seed } from '../postgres/seed.js'
import { openBento } from './peers/bento.js'
import { openCacheable } from './peers/cacheable.js'
import { CACHE_SECRET, openOurs } from './peers/ours.js'
import type { CachePeer, PeerOptions } from './peers/peer.js'

const MAX_CONNECTIONS = 20

/** The resources that the workloads of the suite share. */
export interface CacheWorld extends AsyncDisposable {
  readonly admin: pg.Client
  readonly pluginIds: readonly string[]
  /** Loads a plugin from PostgreSQL with `pg`. */
  readonly plugin: (id: string) => Promise<unknown>
  readonly redisUrl: string
  /** One cache of each library, with separate memory and keys. Closed with the world. */
  openPeers(options: PeerOptions): Promise<readonly [CachePeer, ...CachePeer[]]>
  /** Opens another context of ours, with these additional variables. Closed with the world. */
  openContext(env: Readonly<Record<string, string>>): Promise<DatabaseContext>
  /** Adds a resource that is closed with the world. */
  keep<Kept extends AsyncDisposable>(kept: Kept): Kept
  readonly env: Readonly<Record<'listens' | 'redis', Readonly<Record<string, string>>>>
}

/** The seeded database, and a redis-server of the run. */
export async function openWorld(servers: Servers): Promise<CacheWorld> {
  const stack = new AsyncStack()
  try {
    const redis = stack.keep(await RedisServer.start())
    const admin = new pg.Client({ connectionString: servers.directDatabaseUrl })
    await admin.connect()
    stack.keep({ [Symbol.asyncDispose]: () => admin.end() })
    const pool = new pg.Pool({ connectionString: servers.directDatabaseUrl, max: MAX_CONNECTIONS })
    stack.keep({ [Symbol.asyncDispose]: () => pool.end() })
    const { pluginIds } = await seed(admin)
    await admin.query(`SELECT cache_tags('plugins')`)
    const text = 'SELECT * FROM plugins WHERE id = $1'
    return {
      admin,
      pluginIds,
      plugin: async (id) => (await pool.query({ name: 'plugin', text, values: [id] })).rows[0],
      redisUrl: redis.url,
      async openPeers(options) {
        const { url } = redis
        const ours = stack.keep(await openOurs(servers, url, options))
        return [stack.keep(openBento(url, options)), stack.keep(openCacheable(url, options)), ours]
      },
      async openContext(env) {
        const db = await DatabaseContext.fromEnv({
          env: {
            DATABASE_URL: servers.databaseUrl,
            SERVICE_DATABASE_URL: servers.serviceDatabaseUrl,
            DYNAMODB_ENDPOINT: servers.dynamodbEndpoint,
            ...env,
          },
        })
        return stack.keep(db)
      },
      keep: (kept) => stack.keep(kept),
      env: {
        listens: { SERVICE_DIRECT_DATABASE_URL: servers.serviceDatabaseUrl },
        redis: { REDIS_URL: redis.url, CACHE_SECRET },
      },
      [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose](),
    }
  } catch (error) {
    await stack[Symbol.asyncDispose]()
    throw error
  }
}

/** The resources to close, the last one first. */
class AsyncStack implements AsyncDisposable {
  readonly #kept: AsyncDisposable[] = []

  keep<Kept extends AsyncDisposable>(kept: Kept): Kept {
    this.#kept.push(kept)
    return kept
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const kept of this.#kept.splice(0).reverse()) await kept[Symbol.asyncDispose]()
  }
}
