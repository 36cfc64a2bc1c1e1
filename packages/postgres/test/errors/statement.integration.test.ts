import { type PrivateServer, startPrivateServer } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toPostgresError } from '../../src/errors/map-error.js'
import { createPostgres, mapPostgresError, type Postgres } from '../../src/index.js'
import { failureOf, usePoolBench } from '../support.js'

const bench = usePoolBench({ empty: false })
let postgres: Postgres
let oldServer: PrivateServer
let old: Postgres
beforeAll(async () => {
  postgres = bench.service({ maxConnections: 2 })
  oldServer = await startPrivateServer()
  await oldServer.run('CREATE TABLE users (id int PRIMARY KEY, email text); CREATE TABLE plugins (id int)')
  old = createPostgres(bench.settings({ databaseUrl: oldServer.url(), privilegedLogin: 'allow', maxConnections: 2 }))
})
afterAll(async () => {
  await Promise.all([postgres?.close(), old?.close()])
  await oldServer?.close()
})

const mapped = async (work: PromiseLike<unknown>) => toPostgresError(await failureOf(Promise.resolve(work)))

const wrong = [
  ['SELEC 1', '42601', 'syntax error at or near "SELEC"', { line: 1, column: 1, near: 'SELEC' }],
  ['SELECT 1,\n       FROM users', '42601', 'syntax error at or near "FROM"', { line: 2, column: 8, near: 'FROM' }],
  ['SELECT id FROM users, plugins', '42702', 'column reference "id" is ambiguous', { line: 1, column: 8, near: 'id' }],
  ['SELECT count(*), email FROM users', '42803', '"users.email" must appear', { column: 18, near: 'email' }],
  [
    'SELECT emial FROM users',
    '42703',
    'Perhaps you meant to reference the column "users.email"',
    { column: 8, near: 'emial' },
  ],
  [
    'SELECT * FROM no_such_table',
    '42P01',
    'relation "no_such_table" does not exist',
    { column: 15, near: 'no_such_table' },
  ],
  ['SELECT users.id FROM users u', '42P01', 'invalid reference to FROM-clause entry', { column: 8, near: 'users.id' }],
  [
    'SELECT no_such_function(1)',
    '42883',
    'function no_such_function(integer) does not exist',
    { near: 'no_such_function' },
  ],
  ["SELECT 'a'::no_such_type", '42704', 'type "no_such_type" does not exist', { column: 13, near: 'no_such_type' }],
  [
    "INSERT INTO users (email) VALUES ('x') ON CONFLICT (email, id) DO NOTHING",
    '42P10',
    'no unique or exclusion constraint',
    {},
  ],
] as const

const ways: readonly (readonly [string, () => Postgres, (client: Postgres, text: string) => PromiseLike<unknown>])[] = [
  ['query() on 15', () => old, (client, text) => client.query(text)],
  ['query()', () => postgres, (client, text) => client.query(text)],
  ['the pool on 15', () => old, (client, text) => client.pool.query(text)],
  ['Prisma on 15', () => old, (client, text) => client.prisma.$queryRawUnsafe(text)],
  ['Prisma', () => postgres, (client, text) => client.prisma.$queryRawUnsafe(text)],
  ['a transaction', () => postgres, (client, text) => client.transaction((_tx, { query }) => query(text))],
  ['a batch', () => postgres, (client, text) => client.prisma.$transaction([client.prisma.$queryRawUnsafe(text)])],
]

describe.each(ways)('a mistake in SQL, through %s', (_way, client, run) => {
  it.each(wrong)('in %s is reported with position and words', async (text, sqlState, words, place) => {
    const error = await mapped(run(client(), text))
    expect(error).toMatchObject({ code: 'postgres.invalid_sql', effect: 'none', retryable: false })
    expect(error).toMatchObject({ details: { sqlState, ...place } })
    expect(error.message).toContain(words)
    expect(error.message).not.toMatch(/migrat/)
  })
})

describe.each([
  ['15', () => old],
  ['18', () => postgres],
])('PostgreSQL %s', (_major, client) => {
  it.each([
    ['SELECT (SELECT generate_series(1, 2))', 'postgres.refused', '21000', 'more than one row returned by a subquery'],
    ['VACUUM', 'postgres.refused', '25001', 'VACUUM cannot run inside a transaction block'],
    [
      "DO $$ BEGIN RAISE EXCEPTION 'quota'; END $$",
      'postgres.raised',
      'P0001',
      'in the function inline_code_block, line 1',
    ],
    ["DO $$ BEGIN RAISE 'x' USING ERRCODE = 'APP01'; END $$", 'postgres.raised', 'APP01', 'APP01'],
    ["DO $$ BEGIN RAISE 'x' USING ERRCODE = 'AB123'; END $$", 'postgres.raised', 'AB123', 'AB123'],
    ["DO $$ BEGIN RAISE 'x' USING ERRCODE = '08006'; END $$", 'postgres.raised', '08006', '08006'],
    ['DO $$ BEGIN ASSERT false; END $$', 'postgres.raised', 'P0004', 'P0004'],
    ['EXECUTE nothing', 'postgres.refused', '26000', 'DB_POOLER=transaction'],
  ] as const)('rejects %s, and then nothing is done', async (text, code, sqlState, words) => {
    const error = await mapped(client().pool.query(text.replace('VACUUM', 'BEGIN; VACUUM')))
    expect(error).toMatchObject({ code, effect: 'none', retryable: false, details: { sqlState } })
    expect(error.details).not.toHaveProperty('systemCode')
    expect(error.message).toContain(words)
  })
})

describe('a missing table or column', () => {
  it('is reported for a table of this schema, with how to find the cause', async () => {
    const error = await mapped(old.query('SELECT * FROM subscriptions'))
    expect(error).toMatchObject({ code: 'postgres.schema_mismatch', effect: 'none' })
    expect(error.message).toContain('`pnpm prisma migrate status`')
    expect(await mapped(old.prisma.subscription.count())).toMatchObject({ code: 'postgres.schema_mismatch' })
    expect(await mapped(old.prisma.user.findFirst())).toMatchObject({ code: 'postgres.schema_mismatch' })
  })

  it('is not reported for an impossible statement of Prisma: the database is complete', async () => {
    const { prisma } = postgres
    const plugin = { id: 'p', name: 'n', displayName: 'd', source: 's', version: '1', tier: 'free' } as const
    await prisma.plugin.create({ data: plugin })
    const upsert = { where: { role: 'user' as const }, create: { email: 'x@y.z' }, update: { name: 'z' } }
    const error = await mapped(prisma.plugin.update({ where: { id: 'p' }, data: { author: { upsert } } }))
    expect(error).toMatchObject({ code: 'postgres.invalid_sql', effect: 'none' })
    expect(error.message).toContain('Prisma generated this statement')
    expect(error.message).not.toMatch(/migrat/)
  })
})

describe('a result that Prisma cannot read', () => {
  it.each([
    ['void', 'SELECT pg_advisory_xact_lock(42)'],
    ['interval', "SELECT interval '1 day' AS age"],
  ])('is reported as type %s, with what to do', async (type, text) => {
    for (const work of [
      () => postgres.prisma.$queryRawUnsafe(text),
      () => postgres.transaction((tx) => tx.$queryRawUnsafe(text)),
      () => postgres.prisma.$transaction([postgres.prisma.$queryRawUnsafe(text)]),
    ]) {
      const error = await mapped(work())
      expect(error).toMatchObject({ code: 'postgres.unreadable_type', effect: 'unknown', details: { type } })
      expect(error.message).toMatch(/::text.*\$executeRaw/)
    }
    await postgres.transaction((_tx, { query }) => query(text))
  })
})

it('more parameters than a statement takes are rejected before any is sent', async () => {
  const id = { in: Array.from({ length: 32_766 }, () => '00000000-0000-7000-8000-000000000000') }
  const error = await mapped(postgres.prisma.user.count({ where: { id } }))
  expect(error).toMatchObject({ code: 'postgres.invalid_query', effect: 'none' })
  expect(error.message).toContain('more parameters than one statement takes')
})

it.each(['SERIALIZABLE', 'REPEATABLE READ', 'Snapshot', '', null, 7])(
  'the invalid isolation level %j is rejected before anything is sent',
  async (level) => {
    const isolation = level as 'Serializable'
    const { prisma } = postgres
    const acquires = postgres.usage().acquires
    for (const work of [
      () => postgres.transaction((tx) => tx.plugin.count(), { isolation }),
      () => prisma.$transaction((tx) => tx.plugin.count(), { isolationLevel: isolation }),
      () => prisma.$transaction([prisma.plugin.count()], { isolationLevel: isolation }),
    ]) {
      const error = await mapped(work())
      expect(error).toMatchObject({ code: 'postgres.invalid_query', effect: 'none' })
      expect(error.message).toContain('ReadUncommitted, ReadCommitted, RepeatableRead, Serializable')
    }
    expect(postgres.usage().acquires).toBe(acquires)
  },
)

describe('a rejected COMMIT', () => {
  it('is converted to our error, with the violated constraint, whoever sent it', async () => {
    await bench.admin(`
      CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE unique_violation USING CONSTRAINT = 'logs_late'; END $$`)
    await bench.admin(`
      CREATE CONSTRAINT TRIGGER late AFTER INSERT ON logs DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION late()`)
    const { prisma } = postgres
    const log = { data: { level: 'info', message: 'x' } } as const
    for (const work of [
      () => postgres.transaction((tx) => tx.log.create(log)),
      () => prisma.$transaction((tx) => tx.log.create(log)),
      () => prisma.$transaction([prisma.log.create(log), prisma.log.create(log)]),
    ]) {
      const error = await failureOf(work())
      expect(error).toMatchObject({ code: 'postgres.unique_violation' })
      expect(mapPostgresError(error)).toMatchObject({ effect: 'none', details: { constraint: 'logs_late' } })
    }
  })
})
