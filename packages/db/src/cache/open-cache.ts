import type { CachedRead, Position } from '@miyabi/postgres'
import type { CacheTag } from '../outbox/tags.js'
import { CacheCore } from './core.js'
import type { CacheHome, Relays, ServiceQuery } from './home.js'
import { ListenLine } from './listen-line.js'
import { MemoryLevel } from './memory.js'
import { readKey } from './read-key.js'
import { connectRedis, loadRedis } from './redis/connect.js'
import { RedisLevel } from './redis/redis-level.js'
import { relayHolders } from './redis/relay-holders.js'
import { relayMark } from './redis/relay-mark.js'
import { RelayWatch } from './redis/relay-watch.js'
import { TablesCheck } from './tables-check.js'
import type { TagLine } from './tag-line.js'

export { checkRedis, checkRelays } from './redis/check-redis.js'

/** Time limit of a Redis command, in milliseconds. */
const COMMAND_MS = 200
const DEFAULT_MIB = 64
const MAX_ENTRIES = 100_000

/** An open cache. */
export interface OpenedCache {
  readonly core: CacheCore
  readonly redis: RedisLevel | undefined
  /** @throws {CacheError} `db.cache.strategy_refused` */
  keyOf(call: CachedRead): string
  checkTags(tags: readonly CacheTag[]): void
  close(): void
}

/**
 * Creates the cache of a process. It receives raised tags over Redis if that is configured, else over the line to other
 * processes, else from the relay of this process, if that is the only one.
 * @throws {CacheError} `db.cache.client_missing`
 */
export async function openCache(
  home: CacheHome,
  relays: Relays,
  service: ServiceQuery | undefined,
): Promise<OpenedCache> {
  const { settings, position, listener, logger, isRaised } = home
  const raised = (tags: readonly string[], at: Position): void => core.board.raise(tags, at)
  const redis: RedisLevel | undefined =
    settings.redisUrl === undefined
      ? undefined
      : redisLevel(
          settings.redisUrl,
          home,
          relays,
          () => core,
          () => watch,
        )
  const listening = redis || !listener ? undefined : new ListenLine(listener, raised)
  const ofRelay: TagLine = {
    get token() {
      return relays.coverage
    },
  }
  const memory = new MemoryLevel({
    maxBytes: (settings.memoryMiB ?? DEFAULT_MIB) * 1_048_576,
    maxEntries: MAX_ENTRIES,
  })
  const core: CacheCore = new CacheCore({
    memory,
    line: redis ?? listening ?? ofRelay,
    second: redis,
    position,
    logger,
  })
  const watch: RelayWatch | undefined = redis && service && relayWatch(home, service, redis, core)
  await Promise.all([redis?.open() ?? listening?.open(), watch?.open()])
  const tables = new TablesCheck(isRaised, logger)
  return {
    core,
    redis,
    keyOf: readKey,
    checkTags: (tags) => tables.check(tags),
    close: () => {
      watch?.close()
      redis?.close()
      listening?.close()
    },
  }
}

function redisLevel(
  url: string,
  home: CacheHome,
  relays: Relays,
  core: () => CacheCore,
  watch: () => RelayWatch | undefined,
): RedisLevel {
  const { settings, logger } = home
  return new RedisLevel({
    connect: connectRedis(loadRedis(), url),
    prefix: settings.prefix ?? 'miyabi',
    secret: settings.secret ?? '',
    timeoutMs: COMMAND_MS,
    logger,
    isTrusted: () => watch()?.isTrusted ?? true,
    raised: (tags, position) => core().board.raise(tags, position),
    back: () => relays.resumeRelays(),
    failed: () => {
      core().counts.errors += 1
    },
  })
}

function relayWatch(
  { settings, logger }: CacheHome,
  service: ServiceQuery,
  redis: RedisLevel,
  core: CacheCore,
): RelayWatch {
  return new RelayWatch({
    holders: () => relayHolders(service),
    mark: relayMark(settings) ?? '',
    forgetAll: async () => {
      const position = await core.position()
      await redis.raise(['all'], position)
      core.board.raise(['all'], position)
    },
    logger,
  })
}
