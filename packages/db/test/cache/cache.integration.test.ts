import { randomUUID } from 'node:crypto'
import { sql, type TestDatabase, until } from '@miyabi/testing'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { CacheError, DatabaseContext, defineEffects, type FromEnvOptions, Prisma, tag } from '../../src/index.js'
import { observe } from '../../src/telemetry/index.js'
import { testEnvironment } from '../environment.js'
import { onlyRelay } from '../only-relay.js'
import { RecordingLogger } from '../recording-logger.js'

const effects = defineEffects({
  tags: { from: ['user'], allow: (_actor, { tags }) => tags.every((one) => one.startsWith('app:open')) },
})

let database: TestDatabase
let env: Record<string, string>
beforeAll(async () => {
  ;({ database, env } = await testEnvironment())
  await admin(`SELECT cache_tags('plugins')`)
})
afterAll(() => database?.drop())

/** As the migrator. */
const admin = (text: string): Promise<Record<string, unknown>[]> => sql(database.directDatabaseUrl, text)

async function open(options: FromEnvOptions<typeof effects> = {}, listens = false) {
  const own = listens ? { ...env, SERVICE_DIRECT_DATABASE_URL: database.serviceDatabaseUrl } : env
  const db = await DatabaseContext.fromEnv({ env: own, effects, ...options })
  onTestFinished(async () => void (await db.close()))
  return db
}
type Db = Awaited<ReturnType<typeof open>>

/** With the only relay of the store, so that memory is served from. */
async function alone(): Promise<Db> {
  const db = await open()
  await onlyRelay(db)
  return db
}
const drained = async (): Promise<void> =>
  until(async () => (await admin(`SELECT FROM outbox WHERE topic = 'tags'`)).length === 0)

const DAY = { ttlMs: 86_400_000 }
let counter = 0
/** A load that says how often it ran. */
const counting = () => {
  let loads = 0
  return { load: async () => ++loads, of: ['counted', counter++] as const }
}
async function newUser(db: Db): Promise<string> {
  return (await db.asService().pg.user.create({ data: { email: `${randomUUID()}@example.com` } })).id
}
async function newPlugin(db: Db, authorId: string): Promise<string> {
  const id = `plugin-${randomUUID()}`
  const fixed = { name: id, displayName: id, source: 'github:a/b', version: '1.0.0', tier: 'free' } as const
  await db.asService().pg.plugin.create({ data: { id, ...fixed, authorId } })
  await drained()
  return id
}

describe('the cache of a process with the only relay', () => {
  it('loads once, keeps what a row has, and gives each caller a copy', async () => {
    const db = await alone()
    using telemetry = observe(db)
    const me = db.as({ userId: await newUser(db) })
    let loads = 0
    const value = {
      at: new Date(5),
      n: 5n,
      price: new Prisma.Decimal('1.10'),
      bytes: Uint8Array.of(1),
      none: undefined,
    }
    const get = () =>
      me.cache.getOrSet(['value'], DAY, async () => {
        loads += 1
        return value
      })
    const first = await get()
    first.at.setTime(0)
    expect(await get()).toEqual(value)
    expect([(await get()).price instanceof Prisma.Decimal, loads]).toEqual([true, 1])
    expect(db.stats().cache).toMatchObject({ hits: 2, misses: 1, loads: 1, entries: 1, isHearing: true })
    expect(await telemetry.prometheus()).toMatch(/^miyabi_cache_calls_total\{[^}]*"memory"[^}]*\} 2$/m)
  })

  it('loads once for all who miss at a time, and for nobody who comes after a change', async () => {
    const db = await alone()
    const me = db.asService()
    let loads = 0
    const slow = () =>
      me.cache.getOrSet(['slow'], { ...DAY, tags: [tag.of('slow')] }, async () => {
        loads += 1
        await new Promise((resolve) => setTimeout(resolve, 100))
        return loads
      })
    const before = Promise.all(Array.from({ length: 1000 }, slow))
    await new Promise((resolve) => setTimeout(resolve, 20))
    await me.transaction(async (_tx, { outbox }) => void outbox.invalidate(tag.of('slow')))
    await drained()
    expect(await slow()).toBe(2)
    expect(new Set(await before).size).toBe(1)
    expect(await slow()).toBe(2)
    expect(loads).toBe(2)
  })

  it('gives nobody an old row after a plain UPDATE in SQL, a DELETE, or a TRUNCATE', async () => {
    const db = await alone()
    const me = db.asService()
    const id = await newPlugin(db, await newUser(db))
    const read = () =>
      me.cache.getOrSet(['plugin', id], { ...DAY, tags: [tag.row('plugins', id)] }, ({ pg }) =>
        pg.plugin.findUnique({ where: { id }, select: { version: true } }),
      )
    const list = () =>
      me.cache.getOrSet(['plugins'], { ...DAY, tags: [tag.table('plugins')] }, ({ pg }) => pg.plugin.count())
    const count = await list()
    expect(await read()).toEqual({ version: '1.0.0' })
    await admin(`UPDATE plugins SET version = '2.0.0' WHERE id = '${id}'`)
    await drained()
    expect(await read()).toEqual({ version: '2.0.0' })
    await admin(`DELETE FROM plugins WHERE id = '${id}'`)
    await drained()
    expect([await read(), await list()]).toEqual([null, count - 1])
    await admin(`TRUNCATE plugins CASCADE`)
    await drained()
    expect(await list()).toBe(0)
  })

  it('gives a person nothing that they may not see any more: a demoted admin, an author who lost a plugin', async () => {
    const db = await alone()
    const [admin1, author] = [await newUser(db), await newUser(db)]
    await admin(`UPDATE users SET role = 'admin' WHERE id = '${admin1}'`)
    await drained()
    const users = () => db.as({ userId: admin1 }).cache.getOrSet(['users'], DAY, ({ pg }) => pg.user.count())
    expect(await users()).toBeGreaterThan(1)
    await admin(`UPDATE users SET role = 'user' WHERE id = '${admin1}'`)
    await drained()
    expect(await users()).toBe(1)

    const id = await newPlugin(db, author)
    const change = () =>
      db
        .as({ userId: author })
        .cache.getOrSet(['mine', id], { ...DAY, tags: [tag.row('plugins', id)] }, ({ pg }) =>
          pg.plugin.updateMany({ where: { id }, data: { displayName: 'x' } }).then(({ count }) => count),
        )
    expect(await change()).toBe(1)
    await admin(`UPDATE plugins SET author_id = NULL WHERE id = '${id}'`)
    await drained()
    expect(await change()).toBe(0)
  })

  it('shares nothing among a hundred identities and the service, whatever the key', async () => {
    const db = await alone()
    const ids = Array.from({ length: 50 }, () => randomUUID())
    const scopes = [
      ...ids.map((userId) => db.as({ userId })),
      ...ids.map((webUserId) => db.as({ webUserId })),
      db.asService(),
    ]
    const ask = () =>
      Promise.all(scopes.map((me, index) => me.cache.getOrSet(['same'], DAY, async () => [index, me.identity])))
    expect(await ask()).toEqual(scopes.map(({ identity }, index) => [index, identity]))
    expect(await ask()).toEqual(await ask())
    expect(db.stats().cache?.loads).toBe(101)
  })

  it('forgets at once what was loaded for one identity, and for no other', async () => {
    const db = await alone()
    const { load, of } = counting()
    const [me, other] = [db.as({ userId: await newUser(db) }), db.as({ userId: await newUser(db) })]
    expect([await me.cache.getOrSet(of, DAY, load), await other.cache.getOrSet(of, DAY, load)]).toEqual([1, 2])
    await me.cache.forget()
    expect([await me.cache.getOrSet(of, DAY, load), await other.cache.getOrSet(of, DAY, load)]).toEqual([3, 2])
    await drained()
  })

  it('shows one who has written nothing of before, and one who brings their token', async () => {
    const db = await alone()
    const userId = await newUser(db)
    const read = (me: ReturnType<Db['as']>) =>
      me.cache.getOrSet(['name'], DAY, ({ pg }) => pg.user.findUniqueOrThrow({ where: { id: userId } }))
    const [me, other] = [db.as({ userId }), db.as({ userId })]
    expect((await read(other)).name).toBeNull()
    // No relay carries out what this leaves.
    await admin(`ALTER TABLE users DISABLE TRIGGER USER`)
    onTestFinished(async () => void (await admin(`ALTER TABLE users ENABLE TRIGGER USER`)))
    expect((await read(me)).name).toBeNull()
    const { loads } = db.stats().cache ?? { loads: 0 }
    await me.pg.user.findMany()
    await read(me)
    expect(db.stats().cache?.loads).toBe(loads)
    await me.pg.user.update({ where: { id: userId }, data: { name: 'new' } })
    expect((await read(me)).name).toBe('new')
    const token = await me.token()
    await me.pg.user.update({ where: { id: userId }, data: { name: 'newer' } })
    expect((await read(other)).name).toBe('new')
    expect((await read(db.as({ userId }, { after: await me.token() }))).name).toBe('newer')
    expect((await read(db.as({ userId }, { after: `${token}x` }))).name).toBe('newer')
  })

  it('serves nothing while another relay works on a part of the outbox, and nothing of before afterwards', async () => {
    const db = await alone()
    const { load, of } = counting()
    const get = () => db.asService().cache.getOrSet(of, DAY, load)
    expect([await get(), await get()]).toEqual([1, 1])
    const other = await open()
    const relay = other.relay({ leaseMs: 1000 })
    await until(async () => relay.stats().partitions > 0)
    expect([await get(), await get()]).toEqual([2, 3])
    await other.close()
    await until(async () => db.stats().cache?.isHearing === true)
    expect([await get(), await get()]).toEqual([4, 4])
  })
})

describe('the cache of a process', () => {
  it('loads each time where it hears of no tags, and warns once', async () => {
    const logger = new RecordingLogger()
    const db = await open({ logger })
    const { load, of } = counting()
    for (const n of [1, 2, 3]) expect(await db.asService().cache.getOrSet(of, DAY, load)).toBe(n)
    // Those that have not begun to read load together.
    const together = Array.from({ length: 1000 }, () => db.asService().cache.getOrSet(of, DAY, load))
    expect(new Set(await Promise.all(together)).size).toBe(1)
    expect(logger.of('db.cache.not_hearing')).toHaveLength(1)
  })

  it('hears of tags over PostgreSQL, whoever has the relay', async () => {
    const reader = await open({}, true)
    const writer = await open()
    const relay = writer.relay()
    await until(async () => relay.stats().partitions === 16)
    const { load, of } = counting()
    const get = () => reader.asService().cache.getOrSet(of, { ...DAY, tags: [tag.of('far')] }, load)
    expect([await get(), await get()]).toEqual([1, 1])
    await writer.asService().transaction(async (_tx, { outbox }) => void outbox.invalidate(tag.of('far')))
    await until(async () => (await get()) === 2)
    // The line is lost: nothing is served until it is back, and then nothing of before.
    await admin(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()`,
    )
    await until(async () => reader.stats().cache?.isHearing === false)
    const unheard = await get()
    expect(unheard).toBeGreaterThan(2)
    await until(async () => reader.stats().cache?.isHearing === true)
    const back = await get()
    expect([await get(), back >= unheard]).toEqual([back, true])
  })

  it('lets relays elsewhere know of a plain write, where a table raises tags', async () => {
    const writer = await open({}, true)
    const heard: string[] = []
    const client = new pg.Client({ connectionString: database.directDatabaseUrl })
    onTestFinished(() => client.end())
    await client.connect()
    client.on('notification', ({ channel }) => void heard.push(channel))
    await client.query('LISTEN miyabi_outbox')
    const id = await newUser(writer)
    await writer.asService().pg.user.update({ where: { id }, data: { name: 'new' } })
    await until(async () => heard.includes('miyabi_outbox'))
    await admin('DELETE FROM outbox')
  })

  it('keeps to its times: of values, of absent ones, and while a newer one is loaded', async () => {
    const db = await alone()
    const me = db.asService()
    const wait = () => new Promise((resolve) => setTimeout(resolve, 60))
    const { load, of } = counting()
    const swr = { ttlMs: 40, staleWhileRevalidateMs: 60_000 }
    expect(await me.cache.getOrSet(of, swr, load)).toBe(1)
    await wait()
    expect(await me.cache.getOrSet(of, swr, load)).toBe(1)
    await until(async () => (await me.cache.getOrSet(of, { ...swr, ttlMs: 86_400_000 }, load)) === 2)
    const absent = counting()
    const get = () =>
      me.cache.getOrSet(absent.of, { ...DAY, absentTtlMs: 40 }, async () =>
        (await absent.load()) > 1 ? 'there' : null,
      )
    expect([await get(), await get()]).toEqual([null, null])
    await wait()
    expect(await get()).toBe('there')
  })

  it('serves what it has where a store fails, for as long as was allowed, and no failure of the work', async () => {
    const db = await alone()
    const me = db.asService()
    const options = { ttlMs: 20, staleIfErrorMs: 60_000, tags: [tag.of('kept')] }
    const get = (load: () => Promise<unknown>) => me.cache.getOrSet(['kept'], options, load)
    await get(async () => 'old')
    await new Promise((resolve) => setTimeout(resolve, 40))
    const down = async (): Promise<unknown> => {
      const cut = () =>
        admin(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE query = 'SELECT pg_sleep(10)' AND datname = current_database()`,
        )
      await Promise.all([me.query('SELECT pg_sleep(10)'), until(async () => (await cut()).length > 0)])
      return 'not cut'
    }
    expect(await get(down)).toBe('old')
    await expect(get(async () => Promise.reject(new Error('mine')))).rejects.toThrow('mine')
    await me.transaction(async (_tx, { outbox }) => void outbox.invalidate(tag.of('kept')))
    await drained()
    await expect(get(down)).rejects.toThrow()
  })

  it('refuses what cannot be, all at once, and says what a table does not raise', async () => {
    const logger = new RecordingLogger()
    const db = await open({ logger })
    const { cache } = db.asService()
    const wrong = { ttlMs: 0, staleIfErrorMs: -1, tags: Array.from({ length: 51 }, () => tag.of('x')) }
    const failed = await cache.getOrSet([], wrong, async () => 1).catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(CacheError)
    expect(String(failed)).toMatch(/key.*tags.*ttlMs.*staleIfErrorMs/)
    await expect(cache.getOrSet(['f'], DAY, async () => () => 1)).rejects.toMatchObject({
      code: 'db.cache.not_cacheable',
    })
    await cache.getOrSet(['w'], { ...DAY, tags: [tag.row('workflows', 1), tag.row('plugins', 1)] }, async () => 1)
    await until(async () => logger.of('db.cache.table_not_raised').length > 0)
    expect(logger.of('db.cache.table_not_raised')).toMatchObject([{ fields: { table: 'workflows' } }])
  })
})

describe('outbox.invalidate', () => {
  it('takes of a person what the application opened to them, and nothing else', async () => {
    const db = await open()
    const me = db.as({ userId: await newUser(db) })
    const invalidate = (one: ReturnType<typeof tag.of>) =>
      me.transaction(async (_tx, { outbox }) => outbox.invalidate(one))
    await invalidate(tag.of('open', 1))
    for (const one of [tag.of('closed'), tag.row('plugins', 'x'), tag.table('users')])
      await expect(invalidate(one)).rejects.toMatchObject({ code: 'db.outbox.not_allowed' })
    await expect(db.asService().transaction(async (_tx, { outbox }) => outbox.invalidate())).rejects.toMatchObject({
      code: 'db.outbox.invalid',
    })
    await admin('DELETE FROM outbox')
  })

  it('is not carried out for a person who went past it, with raw SQL', async () => {
    const db = await alone()
    const userId = await newUser(db)
    const me = db.as({ userId })
    const { load, of } = counting()
    const get = () => db.asService().cache.getOrSet(of, { ...DAY, tags: [tag.of('closed')] }, load)
    expect(await get()).toBe(1)
    const id = randomUUID()
    await me.query(`INSERT INTO outbox (id, topic, payload) VALUES ($1, 'tags', '{"tags":["app:closed","all"]}')`, [id])
    await until(async () => (await admin(`SELECT FROM outbox_dead WHERE id = '${id}'`)).length === 1)
    expect(await get()).toBe(1)
    const own = `INSERT INTO outbox (id, topic, payload, actor_kind) VALUES (gen_random_uuid(), 'tags', '{}', 'service')`
    await expect(me.query(own)).rejects.toMatchObject({ code: 'postgres.permission_denied' })
    await expect(me.query(`SELECT cache_tags_leave('{all}')`)).rejects.toMatchObject({
      code: 'postgres.permission_denied',
    })
  })

  it('leaves nothing where no relay has worked for a day', async () => {
    const db = await open()
    const userId = await newUser(db)
    await admin(`UPDATE outbox_partitions SET holder = NULL, held_until = now() - interval '25 hours'`)
    await admin(`DELETE FROM outbox; UPDATE users SET role = 'admin' WHERE id = '${userId}'`)
    expect(await admin('SELECT FROM outbox')).toEqual([])
    await admin(`UPDATE outbox_partitions SET held_until = now() - interval '23 hours' WHERE partition = 3`)
    await admin(`UPDATE users SET role = 'user' WHERE id = '${userId}'`)
    expect(await admin('SELECT topic, payload, actor_kind FROM outbox')).toEqual([
      { topic: 'tags', payload: { tags: [`user:${userId}`] }, actor_kind: 'service' },
    ])
  })
})
