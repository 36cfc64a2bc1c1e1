import { inspect } from 'node:util'
import { startTcpProxy } from '@miyabi/testing'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toPostgresError } from '../../src/errors/map-error.js'
import type { Postgres, PostgresErrorCode, Prisma } from '../../src/index.js'
import { failureOf, usePoolBench } from '../support.js'

/**
 * Must be found nowhere in an error. Brackets and line breaks, because names and stack frames are told from text by
 * them.
 */
const CANARY = 'canary-3f9c)=(canary-3f9c\n    at canary-3f9c (x)=(y) "canary-3f9c"'
const UUID = '0190c0de-c0de-7c0d-8c0d-c0dec0dec0de'
const NUMBER = 987_654_321_987
const SECRETS = /canary-3f9c|c0dec0de|98765432/

const bench = usePoolBench({ empty: false })
let postgres: Postgres
beforeAll(async () => {
  postgres = bench.service({ maxConnections: 4 })
  const { prisma } = postgres
  await prisma.user.create({ data: { id: UUID, email: 'canary@example.com', stripeCustomerId: CANARY } })
  await bench.admin(`CREATE FUNCTION raise_it(what text, code text) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'about %', what USING ERRCODE = code, DETAIL = 'Key (' || what || ')=(' || what || ')', HINT = what; END $$`)
})
afterAll(() => postgres?.close())

type Client = Prisma.TransactionClient
const plugin = (data: object): Prisma.PluginCreateInput => ({
  ...({ id: 'x', name: CANARY, displayName: 'X', source: CANARY, version: '1', tier: 'free' } as const),
  ...data,
})

/** Every kind of failure that carries a value of a caller's, by what it is mapped to. */
const failures: readonly (readonly [string, PostgresErrorCode, (client: Client) => PromiseLike<unknown>])[] = [
  [
    'unique',
    'postgres.unique_violation',
    (client) => client.user.create({ data: { email: 'other@example.com', stripeCustomerId: CANARY } }),
  ],
  [
    'unique, many',
    'postgres.unique_violation',
    (client) => client.user.createMany({ data: [{ email: 'c@example.com', stripeCustomerId: CANARY }] }),
  ],
  [
    'foreign key',
    'postgres.foreign_key_violation',
    (client) =>
      client.license.create({
        data: { userId: UUID, pluginId: CANARY, licenseKey: CANARY, tier: 'pro', features: [], limitations: {} },
      }),
  ],
  [
    'check',
    'postgres.check_violation',
    (client) => client.log.create({ data: { level: CANARY as 'info', message: CANARY } }),
  ],
  [
    'not null',
    'postgres.not_null_violation',
    (client) => client.$executeRaw`INSERT INTO logs (level, message, data) VALUES (${CANARY}, NULL, '{}')`,
  ],
  ['invalid text', 'postgres.invalid_value', (client) => client.$queryRaw`SELECT ${CANARY}::text::uuid`],
  ['invalid json', 'postgres.invalid_value', (client) => client.$queryRaw`SELECT ${CANARY}::text::jsonb`],
  ['overflow', 'postgres.invalid_value', (client) => client.$queryRaw`SELECT ${NUMBER}::bigint::int`],
  [
    'overflow through Prisma',
    'postgres.invalid_query',
    (client) => client.plugin.create({ data: plugin({ price: NUMBER }) }),
  ],
  [
    'overflow of a decimal',
    'postgres.invalid_value',
    (client) => client.plugin.create({ data: plugin({ rating: NUMBER }) }),
  ],
  [
    'zero byte',
    'postgres.invalid_value',
    (client) => client.log.create({ data: { level: 'info', message: `${CANARY}\0` } }),
  ],
  [
    'Prisma validation',
    'postgres.invalid_query',
    (client) => client.log.create({ data: { level: 'info', message: { canary: CANARY } as never } }),
  ],
  [
    'Prisma validation of a date',
    'postgres.invalid_query',
    (client) => client.log.findMany({ where: { createdAt: { gt: CANARY } } }),
  ],
  ['Prisma, invalid uuid', 'postgres.invalid_value', (client) => client.user.findUnique({ where: { id: CANARY } })],
  [
    'Prisma, missing row',
    'postgres.not_found',
    (client) => client.user.update({ where: { stripeCustomerId: `no ${CANARY}` }, data: { name: CANARY } }),
  ],
  ['raised', 'postgres.raised', (client) => client.$queryRaw`SELECT raise_it(${CANARY}, 'P0001')::text`],
  [
    'raised as unique',
    'postgres.unique_violation',
    (client) => client.$queryRaw`SELECT raise_it(${CANARY}, '23505')::text`,
  ],
  ['raised as conflict', 'postgres.deadlock', (client) => client.$queryRaw`SELECT raise_it(${CANARY}, '40P01')::text`],
  [
    'raised as denied',
    'postgres.permission_denied',
    (client) => client.$queryRaw`SELECT raise_it(${CANARY}, '42501')::text`,
  ],
  [
    'raised with a code of its own',
    'postgres.raised',
    (client) => client.$queryRaw`SELECT raise_it(${CANARY}, 'APP01')::text`,
  ],
  ['syntax', 'postgres.invalid_sql', (client) => client.$queryRawUnsafe(`SELECT '${CANARY}' oops oops`)],
  [
    'syntax, a value that broke out of its quotes',
    'postgres.invalid_sql',
    (client) => client.$queryRawUnsafe(`SELECT 1 WHERE 'O'canary-3f9c' = ''`),
  ],
  [
    'syntax, a number with more behind it',
    'postgres.invalid_sql',
    (client) => client.$queryRawUnsafe(`SELECT 98765432canary-3f9c`),
  ],
  [
    'a text in the wrong quotes',
    'postgres.invalid_sql',
    (client) => client.$queryRawUnsafe(`SELECT id FROM users WHERE email = "canary-3f9c"`),
  ],
  [
    'a name that is a value',
    'postgres.invalid_sql',
    (client) => client.$queryRaw`SELECT ${'canary-3f9c'}::text::regtype`,
  ],
  [
    'a table that is a value',
    'postgres.invalid_sql',
    (client) => client.$queryRaw`SELECT ${'"canary-3f9c"'}::text::regclass`,
  ],
  [
    'a schema that is a value',
    'postgres.refused',
    (client) => client.$queryRaw`SELECT ${'"canary-3f9c"'}::text::regnamespace`,
  ],
  ['a type that is a literal', 'postgres.invalid_sql', (client) => client.$queryRaw`SELECT 'canary-3f9c'::regtype`],
  ['value in a statement', 'postgres.invalid_value', (client) => client.$executeRawUnsafe(`SELECT '${UUID}-'::uuid`)],
]

/** All of an error that a log could show. */
const shown = (error: unknown): string =>
  [
    inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true }),
    String(error),
    JSON.stringify(error),
    (error as Error).stack,
  ].join('\n')

describe('no value of a caller is found in an error', () => {
  it.each(failures)('%s: %s, mapped', async (_name, code, fail) => {
    const error = toPostgresError(await failureOf(Promise.resolve(fail(postgres.prisma))))
    expect(error.code).toBe(code)
    expect(shown(error)).not.toMatch(SECRETS)
  })

  it.each(failures)('%s: %s, out of a transaction', async (_name, code, fail) => {
    const error = await failureOf(postgres.transaction(async (tx) => fail(tx), { retry: false }))
    expect(error).toMatchObject({ code })
    expect(shown(error)).not.toMatch(SECRETS)
  })

  it.each(failures)("%s: %s, out of a nested call of Prisma's own transaction", async (_name, code, fail) => {
    const error = toPostgresError(await failureOf(postgres.prisma.$transaction(async (tx) => fail(tx))))
    expect(error.code).toBe(code)
    expect(shown(error)).not.toMatch(SECRETS)
  })

  it("nor the server's detail, which holds whole rows, in Prisma's own", async () => {
    const message = 'canary-in-detail'
    const error = await failureOf(postgres.prisma.log.create({ data: { level: 'wrong' as 'info', message } }))
    expect(inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true })).not.toContain(message)
  })

  it('raw through the driver', async () => {
    const texts = [`SELECT $1::text::uuid`, `SELECT $1::text::jsonb`, `SELECT raise_it($1, '23514')`]
    for (const text of texts) {
      const error = toPostgresError(await failureOf(postgres.pool.query(text, [CANARY])))
      expect(shown(error)).not.toMatch(SECRETS)
    }
    const circular: { self?: unknown; text: string } = { text: CANARY }
    circular.self = circular
    const unsent = await failureOf(postgres.pool.query('SELECT $1', [circular]))
    expect(shown(toPostgresError(unsent))).not.toMatch(SECRETS)
  })

  it('of anybody, whatever its error looks like', () => {
    const strange = Object.assign(new Error(CANARY), {
      name: CANARY,
      code: CANARY,
      constraint: CANARY,
      table: CANARY,
      column: CANARY,
      detail: CANARY,
    })
    for (const error of [strange, CANARY, { message: CANARY }, new TypeError(CANARY)])
      expect(shown(toPostgresError(error))).not.toMatch(SECRETS)
  })

  it('nor a password or a URL, of a server that is not there, refuses, or is lost', async () => {
    await using proxy = await startTcpProxy(bench.serviceUrl)
    const url = new URL(proxy.url(bench.serviceUrl))
    url.password = 'canary-3f9c'
    const wrong = bench.service({}, { through: () => url.toString() })
    const refused = await failureOf(wrong.transaction((tx) => tx.user.count()))
    await proxy.refuse()
    const missing = await failureOf(wrong.prisma.user.count())
    await wrong.close()
    for (const error of [refused, toPostgresError(missing), missing])
      expect(shown(error)).not.toMatch(/canary-3f9c|postgres(ql)?:\/\//)
    const raw = await failureOf(new pg.Client(url.toString()).connect())
    expect(shown(toPostgresError(raw))).not.toMatch(SECRETS)
  })
})
