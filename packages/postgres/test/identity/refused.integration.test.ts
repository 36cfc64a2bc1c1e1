import { startPrivateServer } from '@miyabi/testing'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toPostgresError } from '../../src/errors/map-error.js'
import { createPostgres, type Identity, type PostgresSettings } from '../../src/index.js'
import { RecordingLogger } from '../recording-logger.js'
import { failureOf, until } from '../support.js'
import { usePeople } from './people.js'

const bench = usePeople()

/** The error that a call throws synchronously. */
function thrown(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}

describe("the guide's remedy for postgres.permission_denied", () => {
  it('works if it grants the role; granting the login it warns of locks everyone out', async () => {
    const { alice } = bench
    const asking = async (sql: string) => {
      await using postgres = createPostgres(bench.settings({ maxConnections: 1 }))
      return await postgres.as({ userId: alice.userId }).query(sql)
    }
    await bench.admin('CREATE TABLE notes (id int)')
    try {
      expect(await failureOf(asking('SELECT FROM notes'))).toMatchObject({ code: 'postgres.permission_denied' })
      await bench.admin('GRANT SELECT ON notes TO miyabi_user')
      await asking('SELECT FROM notes')
      await bench.admin('GRANT SELECT ON users TO miyabi_app')
      expect(await failureOf(asking('SELECT FROM notes'))).toMatchObject({ code: 'postgres.login.has_rights' })
    } finally {
      await bench.admin('REVOKE ALL ON users FROM miyabi_app')
      await bench.admin('DROP TABLE notes')
    }
  })
})

describe('without an identity', () => {
  it('every statement is rejected, and the error names as()', async () => {
    const { postgres } = bench
    const calls = [
      () => postgres.prisma.user.findMany(),
      () => postgres.prisma.plugin.count(),
      () => postgres.prisma.log.create({ data: { level: 'info', message: 'm' } }),
      () => postgres.prisma.$queryRaw`SELECT * FROM licenses`,
      () => postgres.prisma.$transaction([postgres.prisma.user.count()]),
      () => postgres.transaction((tx) => tx.user.count()),
      () => postgres.read((prisma) => prisma.user.count()),
      () => postgres.query('DELETE FROM trials'),
      () => postgres.query(`SELECT increment_downloads('everybodys')`),
    ]
    for (const call of calls) {
      const error = await failureOf(call())
      expect(error).toMatchObject({ message: expect.stringContaining('as({ userId })') })
      expect(toPostgresError(error)).toMatchObject({ code: 'postgres.identity.missing', effect: 'none' })
    }
  })

  it('so is one with the role of an identity but without its setting', async () => {
    const asked = bench.postgres.transaction(async (tx) => {
      await tx.$executeRaw`SET LOCAL ROLE miyabi_user`
      return tx.subscription.count()
    })
    expect(await failureOf(asked)).toMatchObject({ code: 'postgres.identity.missing', details: { sqlState: 'MY001' } })
  })
})

describe('as()', () => {
  const ID = '018f4e6a-7c1b-7000-8000-000000000000'
  const invalid: readonly (readonly [string, unknown])[] = [
    ['nothing', undefined],
    ['null', null],
    ['no id', {}],
    ['both ids', { userId: ID, webUserId: ID }],
    ['an empty id', { userId: '' }],
    ['no UUID', { userId: 'secret-token' }],
    ['a UUID with more behind it', { webUserId: `${ID}'; RESET ROLE; --` }],
    ['a number', { userId: 7 }],
    ['an array', { userId: [ID] }],
    ['null for an id', { webUserId: null }],
    ['an object that says it is one', { userId: { toString: () => ID } }],
  ]

  it.each(invalid)('rejects %s immediately and without showing it', (_name, identity) => {
    const error = thrown(() => bench.postgres.as(identity as Identity))
    expect(error).toMatchObject({ code: 'postgres.identity.invalid' })
    expect(String(error)).not.toMatch(/secret-token|RESET/)
  })

  it('keeps the identity that was passed, whatever happens to the object', async () => {
    const { alice, bob, postgres } = bench
    const given = { userId: alice.userId }
    const scope = postgres.as(given)
    given.userId = bob.userId
    expect(scope.identity).toEqual({ userId: alice.userId })
    expect(await scope.prisma.user.findMany()).toMatchObject([{ name: 'alice' }])
  })

  it('sends the value it validated, if a getter returns another each time', async () => {
    const { alice, postgres } = bench
    let asked = 0
    const changing = {
      get userId() {
        asked += 1
        return asked === 1 ? alice.userId : `x'; RESET ROLE; --`
      },
    }
    const scope = postgres.as(changing)
    expect(scope.identity).toEqual({ userId: alice.userId })
    expect(await scope.transaction((tx) => tx.user.findMany())).toMatchObject([{ name: 'alice' }])
  })

  it('is rejected inside a scope, and on the service', () => {
    const { alice, bob, postgres, service } = bench
    const scope = postgres.as({ userId: alice.userId })
    for (const inside of [scope, service])
      expect(thrown(() => inside.as({ userId: bob.userId }))).toMatchObject({ code: 'postgres.identity.fixed' })
  })

  it('returns a scope whose calls are rejected once its pool is closed', async () => {
    const postgres = createPostgres(bench.settings())
    const scope = postgres.as({ userId: bench.alice.userId })
    expect(await scope.prisma.user.count()).toBe(1)
    await postgres.close()
    const calls = [
      () => scope.prisma.user.count(),
      () => scope.query('SELECT 1'),
      () => scope.transaction((tx) => tx.user.count()),
      () => scope.prisma.$transaction([scope.prisma.user.count()]),
    ]
    for (const call of calls) expect(await failureOf(call())).toMatchObject({ code: 'postgres.pool.closed' })
  })

  it('is waited for by close()', async () => {
    const postgres = createPostgres(bench.settings())
    const scope = postgres.as({ userId: bench.alice.userId })
    const slow = [scope.prisma.$queryRaw`SELECT pg_sleep(0.3)::text`, scope.query('SELECT pg_sleep(0.3)')]
    const started = slow.map((each) => each.then(() => 'done'))
    await until(
      () => postgres.stats().active,
      (active) => active === 2,
    )
    expect(await postgres.close()).toEqual({ drained: true, destroyed: 0 })
    expect(await Promise.all(started)).toEqual(['done', 'done'])
  })
})

describe('a batch', () => {
  it('of two identities is rejected, and nothing of it is done', async () => {
    const { alice, bob, postgres, service } = bench
    const [a, b] = [alice, bob].map(({ userId }) => postgres.as({ userId }).prisma)
    if (!a || !b) throw new Error('two')
    await using other = createPostgres(bench.settings(), { role: 'service' })
    const rename = (prisma: typeof a, id: string) => prisma.user.update({ where: { id }, data: { name: 'changed' } })
    const none = postgres.prisma
    const batches = [
      () => a.$transaction([rename(a, alice.userId), rename(b, bob.userId)]),
      () => a.$transaction([rename(b, bob.userId)]),
      () => none.$transaction([rename(a, alice.userId)]),
      () => a.$transaction([rename(a, alice.userId), none.$queryRaw`SELECT 1`]),
      () => a.$transaction([rename(a, alice.userId), b.user.findUnique({ where: { id: bob.userId } }).subscriptions()]),
      () => none.$transaction([rename(service.prisma, alice.userId), none.user.count()]),
      () => service.prisma.$transaction([rename(service.prisma, alice.userId), none.user.count()]),
      () => service.prisma.$transaction([rename(service.prisma, alice.userId), other.prisma.user.count()]),
      () => service.prisma.$extends({}).$transaction([rename(a, alice.userId)]),
    ]
    for (const batch of batches)
      expect(await failureOf(batch())).toMatchObject({ code: 'postgres.identity.mixed', effect: 'none' })
    expect(await bench.admin(`SELECT name FROM users WHERE name = 'changed'`)).toEqual([])
    const extended = service.prisma.$extends({})
    expect(await extended.$transaction([service.prisma.user.count(), extended.user.count()])).toEqual([2, 2])
  })

  it('inside a transaction is rejected, because it would run outside it', async () => {
    const scope = bench.postgres.as({ userId: bench.alice.userId })
    for (const where of [scope, bench.service]) {
      const nested = where.transaction((tx) => tx.$transaction([tx.user.count()] as never))
      expect(await failureOf(nested)).toMatchObject({ code: 'postgres.transaction_nested' })
    }
  })
})

describe('a login', () => {
  it('that was not granted the role gets the GRANT to run, and its connections stay open', async () => {
    const { service, alice } = bench
    // The service's login cannot act as a marketplace user.
    const settings = bench.settings({ databaseUrl: bench.settings().serviceDatabaseUrl ?? '', maxConnections: 1 })
    await using wrong = createPostgres({ ...settings, privilegedLogin: 'allow' })
    const scope = wrong.as({ userId: alice.userId })
    const refused = {
      code: 'postgres.identity.not_granted',
      message: expect.stringMatching(/check that DATABASE_URL names .* GRANT miyabi_user TO "miyabi_backend";/),
      effect: 'none',
    }
    const session = async () => (await wrong.query('SELECT pg_backend_pid() AS pid')).rows
    const before = await session()
    for (const call of [
      () => scope.query('SELECT 1'),
      () => scope.transaction((tx) => tx.user.count()),
      () => scope.prisma.user.count(),
      () => scope.prisma.user.findFirst({ where: { id: alice.userId } }),
      () => scope.prisma.user.findFirst({ where: { id: alice.userId } }),
    ])
      expect(toPostgresError(await failureOf(call()))).toMatchObject(refused)
    expect(wrong.stats()).toMatchObject({ total: 1, idle: 1 })
    if (!process.env['DB_POOLER']) expect(await session()).toEqual(before) // a pooler's sessions are shared
    expect(await service.prisma.user.count()).toBe(2)
  })

  it("of a user cannot become the service, nor the service's login a user", async () => {
    const become = (postgres: typeof bench.postgres, role: string) =>
      failureOf(postgres.as({ userId: bench.alice.userId }).query(`SELECT set_config('role', $1, true)`, [role]))
    for (const role of ['miyabi_service', 'miyabi_owner', 'miyabi_definer'])
      expect(await become(bench.postgres, role)).toMatchObject({ code: 'postgres.permission_denied' })
    const service = failureOf(bench.service.query(`SELECT set_config('role', 'miyabi_user', true)`))
    expect(await service).toMatchObject({ code: 'postgres.permission_denied' })
  })
})

describe('a login that no policy restricts', () => {
  const privileged = () => bench.settings({ databaseUrl: bench.directDatabaseUrl, pooler: 'none', maxConnections: 2 })

  it('is rejected in production, before any statement of the caller', async () => {
    const settings = { ...privileged(), privilegedLogin: 'refuse' as const }
    await using postgres = createPostgres(settings)
    for (const call of [
      () => postgres.query('SELECT 1'),
      () => postgres.as({ userId: bench.alice.userId }).prisma.user.count(),
    ])
      expect(toPostgresError(await failureOf(call()))).toMatchObject({
        code: 'postgres.login.privileged',
        message: expect.stringContaining('DB_ALLOW_PRIVILEGED_LOGIN=true'),
      })
  })

  it('is also one that may become a superuser or a role that bypasses policies, for either pool', async () => {
    const server = await startPrivateServer()
    try {
      await server.run(`CREATE ROLE almighty SUPERUSER; CREATE ROLE seer BYPASSRLS;
        CREATE ROLE first LOGIN NOINHERIT IN ROLE almighty; CREATE ROLE second LOGIN NOINHERIT IN ROLE seer`)
      for (const [n, login] of ['first', 'second'].entries()) {
        const url = server.url().replace('//postgres@', `//${login}@`)
        const settings = {
          ...privileged(),
          databaseUrl: url,
          serviceDatabaseUrl: url,
          privilegedLogin: 'refuse' as const,
        }
        await using postgres = createPostgres(settings, n === 0 ? {} : { role: 'service' })
        const name = n === 0 ? 'DATABASE_URL' : 'SERVICE_DATABASE_URL'
        expect(await failureOf(postgres.query('SELECT 1'))).toMatchObject({
          code: 'postgres.login.privileged',
          message: expect.stringContaining(`${login} (${name}) may act as a superuser or`),
        })
      }
    } finally {
      await server.close()
    }
  })

  it('causes one warning elsewhere, and none if it is allowed', async () => {
    for (const [privilegedLogin, warnings] of [
      ['warn', 1],
      ['allow', 0],
    ] as const) {
      const logger = new RecordingLogger()
      const settings = { ...privileged(), privilegedLogin }
      await using postgres = createPostgres(settings, { logger })
      await Promise.all([1, 2].map(() => postgres.query('SELECT 1')))
      expect(logger.lines.filter((line) => line['event'] === 'postgres.login.privileged')).toHaveLength(warnings)
    }
  })

  it("is none of the embedded stack's logins", async () => {
    const settings = bench.settings({ privilegedLogin: 'refuse' })
    await using postgres = createPostgres(settings)
    await using service = createPostgres(settings, { role: 'service' })
    expect((await postgres.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    expect(await service.prisma.user.count()).toBe(2)
    // In place of the application's login, the service's login would see every row.
    const swapped = { ...settings, databaseUrl: settings.serviceDatabaseUrl ?? '' }
    await using wrong = createPostgres(swapped)
    expect(await failureOf(wrong.query('SELECT 1'))).toMatchObject({ code: 'postgres.login.privileged' })
  })
})

describe.each([15, 18] as const)('a login that has privileges without an identity, on PostgreSQL %i', (major) => {
  /** How logins get privileges, by the name of each. */
  const ways: Readonly<Record<string, string>> = {
    heir: 'CREATE ROLE heir LOGIN IN ROLE miyabi_user, miyabi_web_user',
    reader: 'CREATE ROLE readers; GRANT SELECT ON users TO readers; CREATE ROLE reader LOGIN IN ROLE readers',
    column: 'CREATE ROLE "column" LOGIN NOINHERIT; GRANT UPDATE (name) ON users TO "column"',
    deleter: 'CREATE ROLE deleter LOGIN NOINHERIT; GRANT DELETE ON users TO deleter',
    everything: 'CREATE ROLE everything LOGIN; GRANT pg_read_all_data TO everything',
    // Whatever the login's own attributes, a grant determines what is inherited.
    ...(major === 18 && {
      granted: 'CREATE ROLE granted LOGIN NOINHERIT; GRANT miyabi_user TO granted WITH INHERIT TRUE',
    }),
    public: 'CREATE ROLE public_reader LOGIN NOINHERIT; GRANT SELECT ON users TO PUBLIC',
  }
  let server: Awaited<ReturnType<typeof startPrivateServer>>
  beforeAll(async () => {
    server = await startPrivateServer({ major })
    await server.run('CREATE ROLE miyabi_user; CREATE ROLE miyabi_web_user; CREATE TABLE users (id uuid, name text)')
  })
  afterAll(() => server.close())

  const asking = async (login: string, changes: Partial<PostgresSettings> = {}) => {
    const databaseUrl = server.url().replace('//postgres@', `//${login}@`)
    await using postgres = createPostgres(bench.settings({ databaseUrl, pooler: 'none', ...changes }))
    await postgres.query('SELECT 1')
  }

  it.each(Object.entries(ways))(
    'is rejected everywhere until the statements in the error were run: %s',
    async (name, sql) => {
      const login = name === 'public' ? 'public_reader' : name
      await server.run(sql)
      const error = await failureOf(asking(login))
      expect(error).toMatchObject({ code: 'postgres.login.has_rights', effect: 'none' })
      await asking(login, { privilegedLogin: 'allow' })
      const remedy = /run as .+? ((?:ALTER|REVOKE) .+;) or set DB_ALLOW_PRIVILEGED_LOGIN=true/.exec(String(error))?.[1]
      await server.run(remedy ?? 'the message names none')
      await asking(login)
      await asking(login, { privilegedLogin: 'refuse' })
    },
  )

  it('may create large objects until the server is configured as described on the page about row-level security', async () => {
    await server.run('CREATE ROLE plain LOGIN')
    const client = new pg.Client(server.url().replace('//postgres@', '//plain@'))
    await client.connect()
    try {
      await client.query('SELECT lo_create(0)')
      await server.run(
        'REVOKE EXECUTE ON FUNCTION lo_create(oid), lo_creat(integer), lo_from_bytea(oid, bytea) FROM PUBLIC',
      )
      for (const call of ['lo_create(0)', 'lo_creat(-1)', "lo_from_bytea(0, 'x')"])
        await expect(client.query(`SELECT ${call}`)).rejects.toThrow('permission denied for function')
    } finally {
      await client.end()
    }
  })
})
