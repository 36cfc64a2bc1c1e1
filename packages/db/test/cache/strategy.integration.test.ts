import { randomUUID } from 'node:crypto'
import { sql, type TestDatabase, until } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, expectTypeOf, it, onTestFinished } from 'vitest'
import { CacheError, type CacheStrategy, DatabaseContext, Prisma, type PrismaClient, tag } from '../../src/index.js'
import { testEnvironment } from '../environment.js'
import { onlyRelay } from '../only-relay.js'
import { RecordingLogger } from '../recording-logger.js'

let database: TestDatabase
let env: Record<string, string>
let userId: string
beforeAll(async () => {
  ;({ database, env } = await testEnvironment())
  await admin(`SELECT cache_tags('plugins')`)
  const [user] = await admin(`INSERT INTO users (email) VALUES ('alice@example.com') RETURNING id`)
  userId = String(user?.['id'])
})
afterAll(() => database?.drop())

/** As the migrator. */
const admin = (text: string): Promise<Record<string, unknown>[]> => sql(database.directDatabaseUrl, text)

async function open(logger = new RecordingLogger()): Promise<DatabaseContext> {
  const db = await DatabaseContext.fromEnv({ env, logger })
  onTestFinished(async () => void (await db.close()))
  return db
}

/** With the only relay of the store, so that memory is served from. */
async function alone(): Promise<DatabaseContext> {
  const db = await open()
  await onlyRelay(db)
  return db
}
const drained = async (): Promise<void> =>
  until(async () => (await admin(`SELECT FROM outbox WHERE topic = 'tags'`)).length === 0)

async function newPlugin(): Promise<string> {
  const id = `plugin-${randomUUID()}`
  await admin(
    `INSERT INTO plugins (id, name, display_name, source, version, tier, rating, author_id)
     VALUES ('${id}', '${id}', 'A', 'github:a/b', '1.0.0', 'free', 4.5, '${userId}')`,
  )
  return id
}
/** A change that no tag tells of. */
const inSilence = (text: string): Promise<unknown> =>
  admin(`BEGIN; ALTER TABLE plugins DISABLE TRIGGER USER; ${text}; ALTER TABLE plugins ENABLE TRIGGER USER; COMMIT`)

/** The tables that statements of callers name from now on. */
function followed(db: DatabaseContext): string[] {
  const seen: string[] = []
  onTestFinished(db.observe({ statement: ({ collection }) => void (collection && seen.push(collection)) }))
  return seen
}
const failureOf = (work: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(work).then(
    () => 'nothing',
    (error: unknown) => error,
  )

const DAY = { ttl: 86_400 }

describe('a read with a cacheStrategy', () => {
  it('is answered without a statement the second time, each of the eight, as Prisma answers it', async () => {
    const db = await alone()
    const id = await newPlugin()
    await drained()
    const where = { id }
    const reads = (pg: PrismaClient, cacheStrategy?: CacheStrategy): Promise<unknown>[] => [
      pg.plugin.findUnique({ where, cacheStrategy }),
      pg.plugin.findUniqueOrThrow({ where, cacheStrategy, include: { author: { select: { email: true } } } }),
      pg.plugin.findFirst({ where, cacheStrategy, select: { rating: true, createdAt: true } }),
      pg.plugin.findFirstOrThrow({ where, cacheStrategy, omit: { id: true } }),
      pg.plugin.findMany({ where, cacheStrategy, orderBy: { id: 'asc' } }),
      pg.plugin.count({ where, cacheStrategy }),
      pg.plugin.aggregate({ where, cacheStrategy, _avg: { rating: true }, _max: { createdAt: true } }),
      pg.plugin.groupBy({ where, cacheStrategy, by: ['tier'], _sum: { rating: true } }),
      pg.plugin.findUnique({ where, cacheStrategy }).author(),
    ]
    const { pg } = db.asService()
    const plain = await Promise.all(reads(pg))
    expect(await Promise.all(reads(pg, DAY))).toEqual(plain)
    await inSilence(`UPDATE plugins SET version = '2.0.0', rating = 1 WHERE id = '${id}'`)
    const statements = followed(db)
    const cached = await Promise.all(reads(db.asService().pg, DAY))
    expect([cached, statements]).toEqual([plain, []])
    const [one] = cached as [{ rating: unknown; createdAt: unknown }]
    expect([Prisma.Decimal.isDecimal(one.rating), one.createdAt]).toEqual([true, expect.any(Date)])
    expect(await pg.plugin.findUnique({ where, select: { version: true } })).toEqual({ version: '2.0.0' })
    expect(db.stats().cache).toMatchObject({ hits: 9, loads: 9 })
  })

  it('is one for calls that mean the same, and another for all that differ in anything', async () => {
    const db = await alone()
    const { pg } = db.asService()
    const loads = (): number => db.stats().cache?.loads ?? 0
    const by = (where: Prisma.PluginWhereInput, cacheStrategy: CacheStrategy = DAY) =>
      pg.plugin.count({ where, cacheStrategy })
    await by({ tier: 'free', price: 1 })
    const unset: object = { version: undefined }
    await by({ price: 1, ...unset, tier: 'free' })
    expect(loads()).toBe(1)
    const at = new Date(0)
    await by({ createdAt: at })
    await by({ createdAt: at.toISOString() })
    await by({ createdAt: new Date(1) })
    await by({ rating: 1 })
    await by({ rating: new Prisma.Decimal(1) })
    await by({ rating: new Prisma.Decimal('1.5') })
    await by({ features: { equals: Prisma.DbNull } })
    await by({ features: { equals: Prisma.JsonNull } })
    await by({ features: { equals: { JsonNull: null } } })
    await by({ features: { equals: JSON.parse('{"__proto__":1}') } })
    await by({ features: { equals: {} } })
    await by({}, { ...DAY, tags: [tag.of('other')] })
    await pg.plugin.findFirst({ where: {}, cacheStrategy: DAY })
    await pg.plugin.findMany({ where: {}, cacheStrategy: DAY })
    await pg.user.findMany({ where: {}, cacheStrategy: DAY })
    expect([loads(), db.stats().cache?.hits]).toEqual([16, 1])
    await pg.webUser.findUnique({ where: { githubId: 9_007_199_254_740_993n }, cacheStrategy: DAY })
    await pg.webUser.findUnique({ where: { githubId: 9_007_199_254_740_992n }, cacheStrategy: DAY })
    expect(loads()).toBe(18)
  })

  it('is loaded anew once the database has raised a tag of it', async () => {
    const db = await alone()
    const id = await newPlugin()
    await drained()
    const read = () =>
      db.asService().pg.plugin.findUnique({
        where: { id },
        select: { version: true },
        cacheStrategy: { ...DAY, swr: 86_400, tags: [tag.row('plugins', id)] },
      })
    expect([await read(), await read()]).toEqual([{ version: '1.0.0' }, { version: '1.0.0' }])
    await admin(`UPDATE plugins SET version = '2.0.0' WHERE id = '${id}'`)
    await drained()
    expect(await read()).toEqual({ version: '2.0.0' })
  })

  it('is served beyond its time for swr, while a newer one is loaded, and always so without a ttl', async () => {
    const db = await alone()
    const { pg } = db.asService()
    for (const times of [{ ttl: 0.02, swr: 60 }, { swr: 60 }]) {
      const id = await newPlugin()
      await drained()
      await drained()
      const read = async () => (await pg.plugin.findUnique({ where: { id }, cacheStrategy: times }))?.version
      expect(await read()).toBe('1.0.0')
      await inSilence(`UPDATE plugins SET version = '2.0.0' WHERE id = '${id}'`)
      await new Promise((resolve) => setTimeout(resolve, 40))
      expect(await read()).toBe('1.0.0')
      await until(async () => (await read()) === '2.0.0')
    }
    const { loads } = db.stats().cache ?? { loads: 0 }
    for (const cacheStrategy of [{}, { ttl: 0, swr: 0 }, undefined]) await pg.plugin.count({ cacheStrategy })
    expect(db.stats().cache?.loads).toBe(loads)
  })

  it('shares nothing between two identities, nor with the service', async () => {
    const db = await alone()
    const emails = async (me: { readonly pg: PrismaClient }) =>
      (await me.pg.user.findMany({ cacheStrategy: DAY, orderBy: { email: 'asc' } })).map(({ email }) => email)
    const [bob] = await admin(`INSERT INTO users (email) VALUES ('bob@example.com') RETURNING id`)
    await drained()
    const scopes = [db.as({ userId }), db.as({ userId: String(bob?.['id']) }), db.asService()]
    for (const _ of [1, 2])
      expect(await Promise.all(scopes.map(emails))).toEqual([
        ['alice@example.com'],
        ['bob@example.com'],
        ['alice@example.com', 'bob@example.com'],
      ])
    expect(db.stats().cache).toMatchObject({ loads: 3, hits: 3 })
  })

  it('shows one who has written nothing of before: a person, and one of several who ask as the service', async () => {
    const db = await alone()
    const id = await newPlugin()
    await drained()
    const read = async ({ pg }: { readonly pg: PrismaClient }) =>
      (await pg.plugin.findUnique({ where: { id }, cacheStrategy: DAY }))?.displayName
    for (const scopes of [
      [db.as({ userId }), db.as({ userId })],
      [db.asService(), db.asService()],
    ] as const) {
      const [me, other] = scopes
      await me.pg.plugin.update({ where: { id }, data: { displayName: 'A' } })
      await drained()
      expect([await read(me), await read(other)]).toEqual(['A', 'A'])
      await me.pg.plugin.update({ where: { id }, data: { displayName: 'B' } })
      expect(await read(me)).toBe('B')
    }
  })

  it('shows one who asks as the service nothing of before their token, nor of before what was written first', async () => {
    const db = await alone()
    const id = await newPlugin()
    await drained()
    const read = async ({ pg }: { readonly pg: PrismaClient }) =>
      (await pg.plugin.findUnique({ where: { id }, cacheStrategy: DAY }))?.displayName
    const [first, second] = [db.asService(), db.asService()]
    const clients = [first.pg, second.pg]
    expect([await read(first), await read(second)]).toEqual(['A', 'A'])
    await second.pg.plugin.update({ where: { id }, data: { displayName: 'B' } })
    expect(await read(second)).toBe('B')
    expect(await read(db.asService())).toBe('B')
    await inSilence(`UPDATE plugins SET display_name = 'C' WHERE id = '${id}'`)
    expect(await read(db.asService())).toBe('B')
    await second.query('SELECT 1')
    expect(await read(db.asService({ after: await second.token() }))).toBe('C')
    // Whoever has a client of their own goes on as before: reads are merged, and one batch may hold those of several.
    const own = [db.asService().pg, db.asService().pg]
    expect([clients[0] === clients[1], own[0] === own[1]]).toEqual([true, false])
    const statements = followed(db)
    await Promise.all(own.map((pg) => pg.user.findUnique({ where: { id: userId } })))
    expect(statements).toEqual(['users'])
    expect(await first.pg.$transaction(own.map((pg) => pg.plugin.count({ where: { id } })))).toEqual([1, 1])
  })

  it('is taken within read(), whatever was asked before', async () => {
    const db = await alone()
    for (const me of [db.as({ userId }), db.as({ userId })])
      await me.read((pg) => pg.plugin.count({ cacheStrategy: DAY }))
    expect(db.stats().cache).toMatchObject({ loads: 1, hits: 1 })
  })

  it('loads each time where it hears of no tags, and warns once', async () => {
    const logger = new RecordingLogger()
    const { pg } = (await open(logger)).asService()
    const id = await newPlugin()
    const read = async () => (await pg.plugin.findUnique({ where: { id }, cacheStrategy: DAY }))?.version
    expect(await read()).toBe('1.0.0')
    await inSilence(`UPDATE plugins SET version = '2.0.0' WHERE id = '${id}'`)
    expect(await read()).toBe('2.0.0')
    expect(logger.of('db.cache.not_hearing')).toHaveLength(1)
  })
})

describe('a cacheStrategy', () => {
  const refused = async (work: PromiseLike<unknown>, reason: RegExp) => {
    const error = await failureOf(work)
    expect(error).toBeInstanceOf(CacheError)
    expect(error).toMatchObject({
      code: 'db.cache.strategy_refused',
      effect: 'none',
      message: expect.stringMatching(reason),
    })
  }

  it('is refused in transactions of any kind, before anything of them happens', async () => {
    const db = await open()
    const me = db.asService()
    const count = { cacheStrategy: DAY }
    const data = { email: `${randomUUID()}@example.com` }
    for (const scope of [me, db.as({ userId })])
      await refused(
        scope.transaction((tx) => tx.plugin.count(count)),
        /plugin\.count is part of a transaction.*outside the transaction/,
      )
    await refused(
      me.pg.$transaction((tx) => tx.plugin.count(count)),
      /part of a transaction/,
    )
    await refused(me.pg.$transaction([me.pg.user.create({ data }), me.pg.plugin.count(count)]), /part of a transaction/)
    expect(await me.pg.user.count({ where: data })).toBe(0)
  })

  it('is refused for a write, without an identity, by a client with extensions, and with what has no key', async () => {
    const db = await open()
    const { pg } = db.asService()
    const data = { email: `${randomUUID()}@example.com` }
    // @ts-expect-error of a write
    await refused(pg.user.create({ data, cacheStrategy: DAY }), /user\.create writes.*omit cacheStrategy/)
    // @ts-expect-error of a write
    await refused(pg.user.deleteMany({ where: data, cacheStrategy: DAY }), /user\.deleteMany writes/)
    expect(await pg.user.count({ where: data })).toBe(0)
    await refused(db.pg.user.count({ cacheStrategy: DAY }), /no cache.*db\.as\(identity\)\.pg/)
    await refused(db.asService().replica.pg.user.count({ cacheStrategy: DAY }), /reads from replicas.*me\.pg/)
    await refused(db.as({ userId }).replica.pg.user.count({ cacheStrategy: DAY }), /reads from replicas.*me\.pg/)
    await refused(pg.$extends({}).user.count({ cacheStrategy: DAY }), /extensions.*getOrSet/)
    const where = { name: { equals: pg.plugin.fields.displayName } }
    await refused(
      pg.plugin.count({ where, cacheStrategy: DAY }),
      /plugin\.count has no cache key.*where\.name\.equals is/,
    )
  })

  it('is refused if it is invalid, with every fault and no values', async () => {
    const { pg } = (await open()).asService()
    const wrong = { ttl: -1, swr: 86_401, tags: ['catalog'], ttlMs: 5 }
    // @ts-expect-error a text that is no tag
    const error = await failureOf(pg.user.count({ cacheStrategy: wrong }))
    expect(error).toMatchObject({ code: 'db.cache.invalid', details: { argument: 'cacheStrategy' } })
    expect(String(error)).toMatch(
      /user\.count.*unknown option ttlMs.*tags are not.*ttl is not between 0.*swr is not between 0 and 86400/,
    )
    for (const other of [1, null, 'day', [DAY]]) {
      // @ts-expect-error no strategy
      const failed = pg.user.count({ cacheStrategy: other })
      expect(await failureOf(failed)).toMatchObject({ code: 'db.cache.invalid' })
    }
  })

  it("leaves Prisma's errors as they are: of what cannot be asked, and of what is not there", async () => {
    const db = await alone()
    const { pg } = db.asService()
    const none = { where: { id: 'none' } }
    const both = async (ask: (strategy: { cacheStrategy?: CacheStrategy }) => PromiseLike<unknown>) => {
      const [plain, cached] = [await failureOf(ask({})), await failureOf(ask({ cacheStrategy: DAY }))]
      expect(plain).toBeInstanceOf(Error)
      expect([cached, String(cached)]).toEqual([plain, String(plain)])
      expect((cached as object).constructor).toBe((plain as object).constructor)
      return cached
    }
    // @ts-expect-error no such field
    expect(await both((given) => pg.plugin.findMany({ where: { nme: 'x' }, ...given }))).toBeInstanceOf(
      Prisma.PrismaClientValidationError,
    )
    await both((given) => pg.plugin.findUniqueOrThrow({ ...none, ...given }))
    await both((given) => pg.plugin.findMany({ take: 2 ** 40, ...given }))
    // @ts-expect-error nor is it taken within a call
    const nested = pg.user.findMany({ include: { plugins: { cacheStrategy: DAY } } })
    expect(await failureOf(nested)).toBeInstanceOf(Prisma.PrismaClientValidationError)
  })

  it('changes no type of a result', () => {
    const typed = async ({ pg }: { readonly pg: PrismaClient }) => {
      const cacheStrategy = { ttl: 60, swr: 30, tags: [tag.table('plugins')] }
      expectTypeOf(await pg.plugin.findFirst({ cacheStrategy, select: { id: true } })).toEqualTypeOf<{
        id: string
      } | null>()
      expectTypeOf(await pg.plugin.count({ cacheStrategy })).toEqualTypeOf<number>()
      expectTypeOf(await pg.plugin.groupBy({ by: ['tier'], _count: true, cacheStrategy })).toEqualTypeOf(
        await pg.plugin.groupBy({ by: ['tier'], _count: true }),
      )
      expectTypeOf(await pg.plugin.aggregate({ _count: true, cacheStrategy })).toEqualTypeOf<{ _count: number }>()
    }
    expectTypeOf(typed).toBeFunction()
  })
})
