import { randomUUID } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { createPostgres, type Postgres, type PostgresSettings, Prisma } from '../../src/index.js'
import { PLUGIN, usePeople } from '../identity/people.js'
import { failureOf } from '../support.js'
import { statementsOf } from '../values/observe.js'

const bench = usePeople()
const prisma = () => bench.service.prisma
const lines = (count: number, message: string = randomUUID()) =>
  Array.from({ length: count }, (_, n) => ({ level: 'info' as const, message: `${message} ${n}` }))
/** The number of lines, counted outside the pools under test. */
async function stored(message: string): Promise<number> {
  const counted = bench.admin<{ count: string }>('SELECT count(*) FROM logs WHERE starts_with(message, $1)', [message])
  return Number((await counted)[0]?.count)
}
const plugin = (more: object = {}): Prisma.PluginCreateManyInput => ({
  id: randomUUID(),
  name: 'n',
  displayName: 'N',
  source: 's',
  version: '1',
  tier: 'free',
  ...more,
})
const open = (changes?: Partial<PostgresSettings>) => createPostgres(bench.settings(changes), { role: 'service' })

/** An error as users see it: its stack shows its path. */
function shown(error: unknown): string {
  const { name, code, message, meta } = error as Error & { readonly code?: string; readonly meta?: object }
  const text = inspect({ name, code, message, meta }, { depth: 9 })
  return text.replace(/\n +at .*/g, '')
}

const insertsOf = async (work: () => Promise<unknown>) =>
  (await statementsOf(work)).filter((text) => text.startsWith('INSERT '))

/** How many calls sent their rows as arrays while `work` ran. */
async function hitsOf(work: () => Promise<unknown>, postgres: Postgres = bench.service): Promise<number> {
  const before = postgres.stats().compiledQueries.hits
  await work()
  return postgres.stats().compiledQueries.hits - before
}

describe('the rows of createMany', () => {
  it('are sent in one statement with an array per column, whatever their number', async () => {
    const message = randomUUID()
    const data = lines(40_000, message)
    const texts = await insertsOf(() => prisma().log.createMany({ data }))
    expect(texts).toEqual([
      'INSERT INTO "public"."logs" ("level","message") SELECT u.c1::text,u.c2::text FROM unnest($1::text[],$2::text[]) AS u(c1,c2)',
    ])
    expect(await stored(message)).toBe(40_000)
  })

  it('are stored completely or not at all, outside a transaction too', async () => {
    const message = randomUUID()
    const data = [...lines(30_000, message), { level: 'none', message: `${message} last` }]
    const call = prisma().log.createMany({ data: data as never })
    expect(await failureOf(call)).toMatchObject({ code: 'P2039' })
    expect(await stored(message)).toBe(0)
  })

  it('are all or nothing and one round trip if some have database defaults that others do not', async () => {
    const data = lines(6).map((line, n) => (n % 2 === 0 ? line : { ...line, createdAt: new Date(Date.now() - n) }))
    const [message = ''] = data[0]?.message.split(' ') ?? []
    const texts = await insertsOf(() => prisma().log.createMany({ data }))
    expect(texts.length).toBe(1)
    const bad = [...data.map((line) => ({ ...line, message: `bad ${line.message}` })), { level: 'none', message: 'x' }]
    expect(await failureOf(prisma().log.createMany({ data: bad as never }))).toMatchObject({ code: 'P2039' })
    expect([await stored(message), await stored(`bad ${message}`)]).toEqual([6, 0])
  })

  it('keep every value unchanged', async () => {
    const texts = ['', ' ', '\\', '"', "'", '{}', '{"a"}', 'NULL', 'null', '\t\r\n', '\u{1f600}é\u2028', ',', '()']
    const json = [{}, [], [null], 'text', 1e15, -0.5, true, { 'a"\\': [{ b: '\u{1f600}' }] }]
    const data = texts.map((text, n) =>
      plugin({
        displayName: text || '-',
        description: n % 3 === 0 ? null : text,
        categories: n === 1 ? [] : [text, ...texts],
        features: json[n % json.length],
        rating: [0, 1.5, '4.50', new Prisma.Decimal('0.05')][n % 4],
        verified: n % 2 === 0,
        downloads: 2 ** 31 - 1 - n,
        createdAt: new Date(n * 1e12),
        requiresPluginId: PLUGIN,
      }),
    )
    expect(await hitsOf(() => prisma().plugin.createMany({ data }))).toBe(1)
    const rows = await prisma().plugin.findMany({ where: { id: { in: data.map(({ id }) => id) } } })
    const byId = new Map(rows.map((row) => [row.id, row]))
    for (const given of data) {
      const { rating, ...others } = given
      expect(byId.get(given.id)).toMatchObject({ ...others, rating: new Prisma.Decimal(rating as string) })
    }
    const githubIds = [2n ** 63n - 1n, -(2n ** 63n), 2 ** 53 - 1, 0n]
    await prisma().webUser.createMany({
      data: githubIds.map((githubId) => ({ githubId, githubUsername: 'edges', email: null })),
    })
    const users = await prisma().webUser.findMany({ where: { githubUsername: 'edges' }, orderBy: { githubId: 'asc' } })
    expect(users.map(({ githubId }) => githubId)).toEqual([-(2n ** 63n), 0n, 2n ** 53n - 1n, 2n ** 63n - 1n])
  })

  it('may have JSON null, no value and JSON in one column', async () => {
    const message = randomUUID()
    const data = [Prisma.JsonNull, Prisma.DbNull, undefined, { a: 1 }].map((data, n) => ({
      level: 'info' as const,
      message: `${message} ${n}`,
      ...(data === undefined ? {} : { data }),
    }))
    expect(await hitsOf(() => prisma().log.createMany({ data }))).toBe(1)
    const rows = await bench.admin<{ data: string | null }>(
      'SELECT data::text FROM logs WHERE starts_with(message, $1) ORDER BY message',
      [message],
    )
    expect(rows.map((row) => row.data)).toEqual(['null', null, null, '{"a": 1}'])
  })

  it('skip existing ones, and the later one of two duplicates', async () => {
    const [one, two] = [`${randomUUID()}@example.com`, `${randomUUID()}@example.com`]
    await prisma().user.create({ data: { email: one, name: 'first' } })
    const data = [
      { email: one.toUpperCase(), name: 'second' },
      { email: two, name: 'third', createdAt: new Date(0) },
      { email: two.toUpperCase(), name: 'fourth' },
      { email: `${randomUUID()}@example.com`, name: 'fifth' },
    ]
    const rows = await prisma().user.createManyAndReturn({ data, skipDuplicates: true, select: { name: true } })
    expect(rows).toEqual([{ name: 'third' }, { name: 'fifth' }])
  })

  it('are returned in the order in which they were passed', async () => {
    const data = lines(50).map((line, n) => ({ ...line, ...(n % 3 === 0 && { createdAt: new Date(Date.now() - n) }) }))
    let rows: { message: string }[] = []
    const hits = await hitsOf(async () => {
      rows = await prisma().log.createManyAndReturn({ data, select: { message: true } })
    })
    expect(hits).toBe(1)
    expect(rows).toEqual(data.map(({ message }) => ({ message })))
  })

  it('are returned with their relations', async () => {
    const data = [plugin({ authorId: bench.alice.userId }), plugin(), plugin({ authorId: bench.bob.userId })]
    const rows = await prisma().plugin.createManyAndReturn({ data, include: { author: true } })
    expect(rows.map(({ author }) => author?.name)).toEqual(['alice', undefined, 'bob'])
  })

  it('may refer to each other in any order', async () => {
    const [one, two, three] = [plugin(), plugin(), plugin()]
    const data = [{ ...one, requiresPluginId: two.id }, { ...two, updatedAt: new Date() }, three]
    expect(await prisma().plugin.createMany({ data })).toEqual({ count: 3 })
    const alike = [plugin({ requiresPluginId: null }), plugin({ requiresPluginId: one.id })]
    expect(await hitsOf(() => prisma().plugin.createMany({ data: alike }))).toBe(1)
  })
})

describe('a createMany', () => {
  it('is rejected as Prisma rejects it, with all rows, and nothing is sent', async () => {
    await using off = open({ compiledQueries: false })
    const calls: readonly ((postgres: Postgres) => Promise<unknown>)[] = [
      ({ prisma }) => prisma.log.createMany({ data: [...lines(2, 'm'), { level: 'info' }] as never }),
      ({ prisma }) => prisma.log.createMany({ data: [...lines(2, 'm'), { ...lines(1, 'm')[0], extra: 1 }] as never }),
      ({ prisma }) => prisma.log.createMany({ data: [...lines(2, 'm'), { level: 'info', message: null }] as never }),
      ({ prisma }) => prisma.log.createMany({ data: lines(3, 'm'), extra: true } as never),
      ({ prisma }) => prisma.log.createManyAndReturn({ data: lines(3, 'm'), select: { extra: true } } as never),
      ({ prisma }) => prisma.$transaction([prisma.log.count(), prisma.log.createMany({ data: [{}, {}] as never })]),
    ]
    const seen = async (postgres: Postgres) =>
      Promise.all(calls.map(async (call) => shown(await failureOf(call(postgres)))))
    expect(await insertsOf(async () => expect(await seen(bench.service)).toEqual(await seen(off)))).toEqual([])
  })

  it('fails as in Prisma, with the same name, code, message and meta', async () => {
    await using off = open({ compiledQueries: false })
    const email = `${randomUUID()}@example.com`
    const socket = { userId: randomUUID(), connectionId: 'b' }
    const later = { ...socket, createdAt: new Date() }
    const trial = { userId: randomUUID(), pluginId: PLUGIN, licenseKey: 'k', expiresAt: new Date() }
    const calls: readonly ((postgres: Postgres) => Promise<unknown>)[] = [
      ({ prisma }) => prisma.user.createMany({ data: [{ email }, { email }] }),
      ({ prisma }) => prisma.user.createMany({ data: [{ id: 'none', email }, { email: `a${email}` }] }),
      ({ prisma }) => prisma.user.createMany({ data: [{ email: 'none' }, { email }] }),
      ({ prisma }) => prisma.trial.createMany({ data: [trial, trial] }),
      // The first set violates a foreign key, which one statement for all rows would not get to.
      ({ prisma }) => prisma.websocketConnection.createMany({ data: [{ ...socket, connectionId: 'a' }, later, later] }),
      ({ prisma }) =>
        prisma.$transaction([
          prisma.websocketConnection.createMany({ data: [{ ...socket, connectionId: 'a' }, later, later] }),
        ]),
      ({ prisma }) => prisma.plugin.createMany({ data: [plugin(), plugin({ rating: 10_000 })] }),
      ({ prisma }) => prisma.log.createMany({ data: [...lines(1, 'm'), { level: 'info', message: '\0' }] }),
      ({ prisma }) =>
        prisma.$transaction([
          prisma.log.createMany({ data: lines(2, 'm') }),
          prisma.log.createMany({ data: [...lines(1), { level: 'none', message: 'm' }] as never }),
        ]),
      ({ prisma }) => prisma.$transaction((tx) => tx.user.createMany({ data: [{ email }, { email }] })),
    ]
    const seen = async (postgres: Postgres) => {
      const errors: string[] = []
      for (const call of calls) errors.push(shown(await failureOf(call(postgres))))
      return errors
    }
    expect(await seen(bench.service)).toEqual(await seen(off))
  })

  it('sees the rows as changed by an extension', async () => {
    const message = randomUUID()
    const extended = prisma().$extends({
      query: {
        log: {
          createMany: ({ args, query }) =>
            query({
              ...args,
              data: [args.data].flat().map((line) => ({ ...line, message: `${message} ${line.message}` })),
            }),
        },
      },
    })
    expect(await hitsOf(() => extended.log.createMany({ data: lines(3) }))).toBe(1)
    expect(await stored(message)).toBe(3)
  })

  it('is part of the transaction in which it is called', async () => {
    const message = randomUUID()
    const { service } = bench
    const hits = await hitsOf(async () => {
      await failureOf(
        service.transaction(async (tx) => {
          await tx.log.createMany({ data: lines(3, message) })
          expect(await tx.log.count({ where: { message: { startsWith: message } } })).toBe(3)
          throw new Error('no')
        }),
      )
      expect(await stored(message)).toBe(0)
      const [created, count, returned] = await service.prisma.$transaction([
        service.prisma.log.createMany({ data: lines(3, message) }),
        service.prisma.log.count({ where: { message: { startsWith: message } } }),
        service.prisma.log.createManyAndReturn({ data: lines(2, message), select: { level: true } }),
      ])
      expect([created, count, returned]).toEqual([{ count: 3 }, 3, [{ level: 'info' }, { level: 'info' }]])
    })
    expect(hits).toBe(3)
    const failing = service.prisma.$transaction([
      service.prisma.log.createMany({ data: lines(3, message) }),
      service.prisma.user.create({ data: { email: 'none' } }),
    ])
    expect(await failureOf(failing)).toMatchObject({ code: 'P2039' })
    expect(await stored(message)).toBe(5)
  })

  it('keeps the order of calls in a transaction that are not awaited', async () => {
    const message = randomUUID()
    const counts = await bench.service.transaction((tx) => {
      const count = () => tx.log.count({ where: { message: { startsWith: message } } })
      const create = () => tx.log.createMany({ data: lines(2, message) })
      return Promise.all([count(), create(), count(), create(), count()])
    })
    expect(counts).toEqual([0, { count: 2 }, 2, { count: 2 }, 4])
  })

  it('runs as its caller', async () => {
    const { alice, bob, postgres } = bench
    const submission = (userId: string) => ({ userId, pluginData: { of: 'bulk' } })
    const own = postgres.as({ userId: alice.userId }).prisma.pluginSubmission
    const hits = await hitsOf(async () => {
      expect(await own.createMany({ data: [submission(alice.userId), submission(alice.userId)] })).toEqual({ count: 2 })
      const others = own.createMany({ data: [submission(alice.userId), submission(bob.userId)] })
      expect(await failureOf(others)).toMatchObject({ code: 'P2039', message: expect.stringContaining('42501') })
      const none = postgres.prisma.pluginSubmission.createMany({
        data: [submission(bob.userId), submission(bob.userId)],
      })
      expect(await failureOf(none)).toMatchObject({ code: 'postgres.identity.missing' })
    }, postgres)
    expect(hits).toBe(3)
    const rows = await bench.admin<{ user_id: string }>(
      `SELECT user_id FROM plugin_submissions WHERE plugin_data = '{"of": "bulk"}'`,
    )
    expect(rows).toEqual([{ user_id: alice.userId }, { user_id: alice.userId }])
  })

  it('ends with the signal of its transaction, even while its rows are read, and gives others a turn', async () => {
    const data = lines(200_000)
    const [first, last] = [data[0], data.at(-1)] as { message: string }[]
    const ended = new AbortController()
    const reads = { ofFirst: 0, ofLast: 0 }
    const observe = (line: { message: string }, read: () => void): void => {
      const { message } = line
      Object.defineProperty(line, 'message', {
        enumerable: true,
        get() {
          read()
          return message
        },
      })
    }
    observe(last as { message: string }, () => {
      reads.ofLast += 1
    })
    const { log } = prisma()
    await log.createMany({ data: [...lines(1), last as never] }) // how often it is read
    const readsOfOneCall = reads.ofLast
    observe(first as { message: string }, () => {
      reads.ofFirst += 1
      if (reads.ofFirst === readsOfOneCall) setImmediate(() => ended.abort(new Error('gone')))
    })
    const work = bench.service.transaction((tx) => tx.log.createMany({ data }), { signal: ended.signal })
    expect(await failureOf(work)).toMatchObject({ message: 'gone' })
    const [prefix = ''] = data[1]?.message.split(' ') ?? []
    expect(await stored(`${prefix} 2`)).toBe(0)
    expect(reads.ofLast).toBeLessThan(2 * readsOfOneCall)
  })

  it.each(['createMany', 'createManyAndReturn'] as const)(
    '%s of 20,000 rows gets its deadline error before the server has started them, and none is stored',
    async (method) => {
      const message = randomUUID()
      const data = lines(20_000, message)
      await bench.admin('BEGIN')
      await bench.admin('LOCK TABLE logs IN SHARE MODE')
      const create = bench.service.transaction<unknown>(
        ({ log }) => (method === 'createMany' ? log.createMany({ data }) : log.createManyAndReturn({ data })),
        { deadlineMs: 1000 },
      )
      expect(await failureOf(create)).toMatchObject({ code: 'postgres.deadline' })
      await bench.admin('ROLLBACK')
      await prisma().log.createMany({ data: lines(2) })
      expect(await stored(message)).toBe(0)
    },
  )

  it('uses the current types of altered columns, in a transaction when it is retried', async () => {
    const data = () => lines(2).map((line) => ({ ...line, data: { a: 1 } }))
    const alter = (column: string, type: string) => bench.admin(`ALTER TABLE logs ALTER ${column} TYPE ${type}`)
    try {
      for (const inTransaction of [false, true]) {
        await alter('data', 'text')
        await using postgres = open()
        const create = () =>
          inTransaction
            ? postgres.transaction((tx) => tx.log.createMany({ data: data() }))
            : postgres.prisma.log.createMany({ data: data() })
        for (let time = 0; time < 3; time += 1) expect(await create()).toEqual({ count: 2 })
        await alter('data', 'jsonb USING data::jsonb')
        expect(await create()).toEqual({ count: 2 })
        await bench.admin('ALTER TABLE logs RENAME data TO old; ALTER TABLE logs ADD data jsonb')
        expect(await create()).toEqual({ count: 2 })
        await bench.admin('ALTER TABLE logs DROP old')
      }
      await alter('message', 'varchar(3) USING left(message, 3)')
      expect(await failureOf(prisma().log.createMany({ data: data() }))).toMatchObject({ code: 'P2000' })
    } finally {
      await alter('message', 'text')
    }
  })

  it('is left to Prisma if configured, and reports the reason if it is for another cause', async () => {
    await using off = open({ compiledQueries: false })
    expect(await hitsOf(() => off.prisma.log.createMany({ data: lines(2) }), off)).toBe(0)
    expect(off.stats().compiledQueries).toEqual({
      off: 'DB_COMPILED_QUERIES is false',
      hits: 0,
      misses: 0,
      byPrisma: [],
    })
    await using postgres = open()
    await postgres.prisma.log.createMany({ data: lines(1) })
    await postgres.prisma.log.createMany({ data: [Object.create({ a: 1 }), ...lines(1)] }).catch(() => {})
    expect(postgres.stats().compiledQueries.byPrisma).toEqual([
      { call: 'log.createMany', reason: 'one row', count: 1 },
      { call: 'log.createMany', reason: 'a row that is not a plain object', count: 1 },
    ])
  })
})
