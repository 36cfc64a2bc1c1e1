import Module from 'node:module'
import type * as Redis from '@redis/client'
import { CacheError } from '../../errors/cache-error.js'
import type { ConnectRedis, RedisCommands } from './commands.js'

/** Time limit of a connection attempt, in milliseconds. */
const CONNECT_MS = 500
/** Maximum number of pending commands. More are rejected immediately: the server hangs. */
const MOST_COMMANDS = 20_000

/**
 * Loads the Redis client, which an application that sets REDIS_URL must install.
 * @throws {CacheError} `db.cache.client_missing`
 */
export function loadRedis(): typeof Redis {
  try {
    // As with OpenTelemetry's API (open-telemetry.ts); a common file would be one more to load for either.
    return Module.createRequire(import.meta.url ?? __filename)('@redis/client') as typeof Redis
  } catch (cause) {
    throw new CacheError('db.cache.client_missing', undefined, { cause })
  }
}

/** Connects to one server, or to the cluster that it belongs to. */
export function connectRedis({ createClient, createCluster, RESP_TYPES }: typeof Redis, url: string): ConnectRedis {
  // Commands are not queued while disconnected, and the client does not reconnect automatically: the link decides.
  const options = {
    RESP: 3,
    disableOfflineQueue: true,
    disableClientInfo: true,
    commandsQueueMaxLength: MOST_COMMANDS,
    socket: { connectTimeout: CONNECT_MS, reconnectStrategy: false },
  } as const
  return async (onLost, signal) => {
    const client = createClient({ url, ...options })
    const lost = once(onLost)
    signal.addEventListener('abort', () => destroy(client))
    client.on('error', lost)
    const ended = (): void => lost(new Error('the connection ended'))
    client.on('end', ended)
    try {
      await connected(client, url)
      const { mode } = await client.hello()
      if (mode !== 'cluster') {
        const run = /^run_id:(\w+)/m.exec(await client.info('server').catch(() => ''))
        const raw = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })
        return commandsOf(client, (key) => raw.get(key), run?.[1] ?? '')
      }
    } catch (error) {
      destroy(client)
      throw error
    }
    client.off('end', ended) // this connection only determined the mode
    destroy(client)
    const cluster = createCluster({ rootNodes: [{ url }], RESP: 3, defaults: { ...options, ...loginOf(url) } })
    signal.addEventListener('abort', () => destroy(cluster))
    cluster.on('error', lost)
    cluster.on('node-error', lost)
    try {
      await cluster.connect()
      const raw = cluster.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })
      return commandsOf(cluster, (key) => raw.get(key), 'cluster')
    } catch (error) {
      destroy(cluster)
      throw error
    }
  }
}

/** A server without TLS does not recognize the handshake and does not respond, so the attempt times out. */
async function connected(client: { connect(): Promise<unknown> }, url: string): Promise<void> {
  try {
    await client.connect()
  } catch (error) {
    const isSilent = url.startsWith('rediss:') && (error as Error).message === 'Connection timeout'
    throw isSilent ? new Error('no TLS handshake in time; use redis:// if the server does not use TLS') : error
  }
}

function destroy(client: Pick<Either, 'destroy'>): void {
  try {
    client.destroy()
  } catch {
    // it was already closed
  }
}

/** Returns the login for all nodes of a cluster; the cluster itself reports their addresses. */
function loginOf(url: string) {
  const { username, password, protocol } = new URL(url)
  return {
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
    socket: {
      connectTimeout: CONNECT_MS,
      reconnectStrategy: false as const,
      ...(protocol === 'rediss:' && { tls: true as const }),
    },
  }
}

function once(onLost: (error: Error) => void): (error: Error) => void {
  let isOver = false
  return (error) => {
    if (isOver) return
    isOver = true
    onLost(error)
  }
}

/** The client's types do not express that values are bytes here. */
const bytesOf = (value: Buffer | string | null): Buffer | undefined =>
  typeof value === 'string' ? Buffer.from(value) : (value ?? undefined)

/** The part of the client that a single server and a cluster have in common. */
type Either = Pick<ReturnType<typeof Redis.createClient>, 'set' | 'del' | 'eval' | 'publish' | 'subscribe' | 'destroy'>

function commandsOf(
  client: Either,
  get: (key: string) => Promise<Buffer | string | null>,
  server: string,
): RedisCommands {
  const px = (ttlMs: number) => ({ type: 'PX' as const, value: Math.max(1, Math.ceil(ttlMs)) })
  return {
    server,
    // One command per key, all sent together: MGET fails behind a proxy for several servers.
    get: async (keys) => (await Promise.all(keys.map((key) => get(key)))).map(bytesOf),
    set: (key, value, ttlMs) => client.set(key, value, { expiration: px(ttlMs) }),
    setNew: async (key, value, ttlMs) =>
      (await client.set(key, value, { condition: 'NX', expiration: px(ttlMs) })) !== null,
    delete: (key) => client.del(key),
    script: (text, key, values) => client.eval(text, { keys: [key], arguments: [...values] }),
    publish: (channel, message) => client.publish(channel, message),
    subscribe: (channel, heard) => client.subscribe(channel, (message) => heard(message)),
    destroy: () => destroy(client),
  }
}
