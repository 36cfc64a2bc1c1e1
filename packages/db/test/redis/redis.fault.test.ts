import { randomUUID } from 'node:crypto'
import { createTestDatabase, RedisServer, sql, type TestDatabase, until } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { connectRedis, loadRedis } from '../../src/cache/redis/connect.js'
import { RedisLevel } from '../../src/cache/redis/redis-level.js'
import { DatabaseContext, tag } from '../../src/index.js'
import { onlyRelay } from '../only-relay.js'
import { RecordingLogger } from '../recording-logger.js'
import { clientOf } from './redis-client.js'
import { CACHE_SECRET, variables } from './variables.js'

const DAY = { ttlMs: 86_400_000 }

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
  await admin(`CREATE TABLE counters (id integer PRIMARY KEY, n integer NOT NULL DEFAULT 0);
    ALTER TABLE counters OWNER TO miyabi_owner;
    GRANT SELECT, INSERT, UPDATE, DELETE ON counters TO miyabi_service;
    INSERT INTO counters (id) SELECT generate_series(0, 99); SELECT cache_tags('counters')`)
})
afterAll(() => database?.drop())
const admin = (text: string): Promise<Record<string, unknown>[]> => sql(database.directDatabaseUrl, text)

async function server(...args: readonly string[]): Promise<RedisServer> {
  const redis = await RedisServer.start({ args })
  onTestFinished(() => redis[Symbol.asyncDispose]())
  return redis
}

async function open(redis: RedisServer | undefined, logger = new RecordingLogger(), secret = CACHE_SECRET) {
  const env = {
    ...variables(database, redis?.url, secret),
    DB_MIN_CONNECTIONS: '0',
    DB_SERVICE_MAX_CONNECTIONS: '8',
  }
  const db = await DatabaseContext.fromEnv({ env, logger })
  onTestFinished(async () => void (await db.close()))
  return db
}
type Db = Awaited<ReturnType<typeof open>>

const rowTag = (id: number) => `row:counters:${id}` as const
const read = (db: Db, id: number, options: { readonly ttlMs: number } = DAY): Promise<number> =>
  db
    .asService()
    .cache.getOrSet(['counter', id], { ...options, tags: [rowTag(id)] }, async ({ query }) =>
      Number((await query<{ n: number }>('SELECT n FROM counters WHERE id = $1', [id])).rows[0]?.n),
    )
const bump = (id: number) => admin(`UPDATE counters SET n = n + 1 WHERE id = ${id} RETURNING n`)
const raised = () => until(async () => (await admin(`SELECT FROM outbox WHERE topic = 'tags'`)).length === 0)

describe('the level in Redis', () => {
  it('is shared by all processes, and follows a plain UPDATE in SQL', async () => {
    const redis = await server()
    const [a, b] = [await open(redis), await open(redis)]
    await onlyRelay(a)
    const n = await read(a, 1)
    await until(async () => (await read(b, 1)) === n && (b.stats().cache?.secondHits ?? 0) > 0)
    expect(b.stats().cache).toMatchObject({ loads: 0, errors: 0 })
    await bump(1)
    await raised()
    await until(async () => (await read(b, 1)) === n + 1)
    expect(await read(a, 1)).toBe(n + 1)
  })

  it('makes one load of 10,000 misses in two caches at a time', async () => {
    const redis = await server()
    const [a, b] = [await open(redis), await open(redis)]
    let loads = 0
    const ask = (db: Db) =>
      db.asService().cache.getOrSet(['slow'], DAY, async () => {
        loads += 1
        await new Promise((resolve) => setTimeout(resolve, 300))
        return loads
      })
    const answers = await Promise.all(Array.from({ length: 10_000 }, (_, index) => ask(index % 2 ? a : b)))
    expect([new Set(answers).size, loads]).toEqual([1, 1])
  })

  it('refuses what was planted, moved to another key, or signed with another secret', async () => {
    const redis = await server()
    const logger = new RecordingLogger()
    const writer = await open(redis)
    const values = await Promise.all(
      [0, 1].map((key) => writer.asService().cache.getOrSet([key], DAY, async () => key)),
    )
    const client = await clientOf(redis)
    const entries = async () => (await client.keys('miyabi:e:*')).sort()
    await until(async () => (await entries()).length === 2)
    const [one = '', other = ''] = await entries()
    const ask = async (db: Db) => [
      await db.asService().cache.getOrSet([0], DAY, async () => 'loaded'),
      await db.asService().cache.getOrSet([1], DAY, async () => 'loaded'),
    ]
    expect(await ask(await open(redis))).toEqual(values)
    const raw = client.withTypeMapping({ 36: Buffer })
    const [first, second] = [await raw.get(one), await raw.get(other)]
    await client.set(one, second as never)
    await client.set(other, first as never)
    const reader = await open(redis, logger)
    expect(await ask(reader)).toEqual(['loaded', 'loaded'])
    expect(reader.stats().cache?.errors).toBe(2)
    const forged = Buffer.from(first as never)
    forged[40] = (forged[40] ?? 0) ^ 1
    await client.set(one, forged)
    await client.set(other, Buffer.alloc(100))
    expect(await ask(await open(redis))).toEqual(['loaded', 'loaded'])
    const stranger = await open(redis, logger, 'another secret of the tests of 32 bytes')
    expect(await ask(stranger)).toEqual(['loaded', 'loaded'])
    expect(logger.text).not.toContain(CACHE_SECRET)
  })

  it('takes no entry whose position is that of a tag: the rows of the commit may not have been visible', async () => {
    const redis = await server()
    const nothing = (): void => {}
    const level = new RedisLevel({
      connect: connectRedis(loadRedis(), redis.url),
      prefix: 'positions',
      secret: CACHE_SECRET,
      timeoutMs: 1000,
      logger: new RecordingLogger(),
      isTrusted: () => true,
      raised: nothing,
      back: nothing,
      failed: nothing,
    })
    onTestFinished(() => level.close())
    await level.open()
    const history = '1/00000001'
    await level.raise(['tag'], { history, lsn: 5n })
    const lookAt = async (lsn: bigint) => {
      const freshUntil = Date.now() + 60_000
      await level.store(
        'key',
        { value: 1, position: { history, lsn }, freshUntil, keptUntil: freshUntil, bytes: 9 },
        [],
      )
      return (await level.look('key', ['tag'], history))?.isGood
    }
    expect([await lookAt(4n), await lookAt(5n), await lookAt(6n)]).toEqual([false, false, true])
  })

  it('serves nothing that was forgotten, to any scope of the identity in this process, though no relay works', async () => {
    const redis = await server()
    const db = await open(redis)
    const userId = randomUUID()
    let loads = 0
    const get = () => db.as({ userId }).cache.getOrSet(['mine'], DAY, async () => ++loads)
    expect(await get()).toBe(1)
    const client = await clientOf(redis)
    await until(async () => (await client.keys('miyabi:e:*')).length > 0)
    await db.as({ userId }).cache.forget()
    expect(await get()).toBe(2)
  })

  it('gives to `cacheStrategy` what Prisma gave another process, and follows the table', async () => {
    const redis = await server()
    await admin(`SELECT cache_tags('plugins');
      INSERT INTO plugins (id, name, display_name, source, version, tier, rating) VALUES ('kept', 'kept', 'Kept', 'github:a/b', '1.0.0', 'free', 4.5)`)
    const [a, b] = [await open(redis), await open(redis)]
    await onlyRelay(a)
    const query = { where: { id: 'kept' } }
    const find = (db: Db) =>
      db.asService().pg.plugin.findMany({ ...query, cacheStrategy: { ttl: 3600, tags: [tag.table('plugins')] } })
    const stored = await a.asService().pg.plugin.findMany(query)
    expect(await find(a)).toEqual(stored)
    await until(async () => {
      expect(await find(b)).toEqual(stored)
      return (b.stats().cache?.secondHits ?? 0) > 0
    })
    const [row] = await find(b)
    expect([row?.createdAt instanceof Date, row?.rating.toFixed(2)]).toEqual([true, '4.50'])
    await a.asService().pg.plugin.update({ where: { id: 'kept' }, data: { version: '2.0.0' } })
    for (const db of [a, b]) await until(async () => (await find(db))[0]?.version === '2.0.0')
  })

  it('serves nothing while a relay raises tags elsewhere, and nothing from before once that relay is gone', async () => {
    const redis = await server()
    const logger = new RecordingLogger()
    const db = await open(redis, logger)
    const own = await onlyRelay(db)
    const n = await read(db, 30)
    const client = await clientOf(redis)
    await until(async () => (await client.keys('miyabi:e:*')).length > 0)
    await own.close()
    const other = await open(undefined)
    const stranger = await onlyRelay(other)
    await until(async () => db.stats().cache?.isHearing === false)
    expect(logger.of('db.cache.relay_without_redis')).toHaveLength(1)
    await bump(30)
    await raised() // in no Redis
    expect(await read(db, 30)).toBe(n + 1)
    const fresh = await open(redis)
    expect(await read(fresh, 30)).toBe(n + 1)
    await bump(30)
    await raised()
    await stranger.close()
    await onlyRelay(db)
    await until(async () => fresh.stats().cache?.isHearing === true)
    for (const one of [fresh, await open(redis)]) expect(await read(one, 30)).toBe(n + 2)
  })

  it('keeps its connection while the process itself is busy', async () => {
    const redis = await server()
    const logger = new RecordingLogger()
    const db = await open(redis, logger)
    await read(db, 1)
    for (let n = 0; n < 4; n += 1) {
      const answer = read(db, 300 + n)
      const until = performance.now() + 700
      while (performance.now() < until); // as a large document does that is parsed
      await answer
    }
    expect(logger.of('db.cache.redis_lost')).toEqual([])
    expect(db.stats().cache).toMatchObject({ errors: 0, isHearing: true })
  })

  it('shows in its keys nothing of who asks, nor of what for', async () => {
    const redis = await server()
    const db = await open(redis)
    await db.asService().cache.getOrSet(['secret-name'], { ...DAY, tags: [tag.of('secret-tag')] }, async () => 1)
    const client = await clientOf(redis)
    await until(async () => (await client.keys('miyabi:e:*')).length > 0)
    for (const key of await client.keys('*')) expect(key).toMatch(/^miyabi:[etl]:\{[\w-]{43}\}$/)
  })
})

describe('Redis under faults', () => {
  /** Reads without end, and counts what fails. */
  function load(db: Db) {
    let errors = 0
    let reads = 0
    let isOver = false
    const reader = async (): Promise<void> => {
      while (!isOver) {
        await read(db, reads++ % 100, { ttlMs: 5 }).catch(() => {
          errors += 1
        })
      }
    }
    const readers = Array.from({ length: 8 }, reader)
    return {
      get reads() {
        return reads
      },
      end: async () => {
        isOver = true
        await Promise.all(readers)
        return errors
      },
    }
  }
  const more = async (at: ReturnType<typeof load>, count = 200): Promise<void> => {
    const from = at.reads
    await until(async () => at.reads > from + count)
  }

  it('costs no error: killed, hung, flushed, full; and is used again', async () => {
    const redis = await server('--maxmemory', '8mb', '--maxmemory-policy', 'noeviction')
    const db = await open(redis)
    await onlyRelay(db)
    const reads = load(db)
    await more(reads)
    await redis.signal('SIGSTOP')
    await more(reads)
    expect(db.stats().cache?.isHearing).toBe(false)
    await redis.signal('SIGCONT')
    await until(async () => db.stats().cache?.isHearing === true)
    const client = await clientOf(redis)
    for (let n = 0; n < 5; n++) {
      await client.flushAll()
      await more(reads, 50)
    }
    const filled = await Promise.allSettled(
      Array.from({ length: 2000 }, (_, n) => client.set(`fill:${n}`, 'x'.repeat(10_000))),
    )
    expect(filled.some(({ status }) => status === 'rejected')).toBe(true)
    await more(reads)
    // A tag cannot be raised now: it goes, and is raised when there is room.
    await bump(7)
    const expected = Number((await admin('SELECT n FROM counters WHERE id = 7'))[0]?.['n'])
    await until(async () => (await read(db, 7)) === expected)
    await client.flushAll()
    await raised()
    await redis.signal('SIGKILL')
    await more(reads)
    await redis.up()
    await until(async () => db.stats().cache?.isHearing === true)
    await more(reads)
    expect(await reads.end()).toBe(0)
    // And it shares again.
    const n = await read(db, 50)
    await until(async () => {
      const other = await open(redis)
      expect(await read(other, 50)).toBe(n)
      return (other.stats().cache?.secondHits ?? 0) > 0
    })
  })

  it('makes at most the calls that are on their way wait for one command, once', async () => {
    const redis = await server()
    const db = await open(redis)
    await read(db, 1)
    await redis.signal('SIGSTOP')
    const before = db.stats().cache?.errors ?? 0
    for (let n = 0; n < 50; n++) await read(db, 200 + n)
    // Of one look; not of fifty.
    expect((db.stats().cache?.errors ?? 0) - before).toBeLessThan(10)
    await redis.signal('SIGCONT')
  })

  it('serves nothing of before a restart that brought old contents back', async () => {
    const redis = await server('--save', '3600 1')
    const db = await open(redis)
    const relay = await onlyRelay(db)
    const n = await read(db, 20)
    const client = await clientOf(redis)
    await until(async () => (await client.keys('miyabi:e:*')).length > 0)
    await client.sendCommand(['SAVE'])
    await bump(20)
    await raised()
    expect(relay.stats().topics['tags']).toMatchObject({ dead: 0 })
    await redis.signal('SIGKILL')
    await redis.up()
    const fresh = await open(redis)
    expect(await read(fresh, 20)).toBe(n + 1)
    await until(async () => db.stats().cache?.isHearing === true)
    expect(await read(db, 20)).toBe(n + 1)
  })
})
