import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toPostgresError } from '../../src/errors/map-error.js'
import { AcquireTimeoutError, type Postgres } from '../../src/index.js'
import { failureOf, until, usePoolBench } from '../support.js'

const bench = usePoolBench({ empty: false })
let postgres: Postgres
beforeAll(async () => {
  postgres = bench.service({ maxConnections: 1, acquireTimeoutMs: 150 })
  await postgres.pool.connect().then(
    (client) => client.release(),
    () => {}, // opened too late for the caller, but opened
  )
  await until(postgres.stats, ({ idle }) => idle === 1)
})
afterAll(() => postgres?.close())

const SECRET = 'd41d8cd98f00-secret'
const mapped = async (promise: Promise<unknown>) => toPostgresError(await failureOf(promise))

describe('an acquire timeout', () => {
  it('comes out of Prisma calls with its code, and whole through the mapper', async () => {
    const held = await postgres.pool.connect()
    const error = await failureOf(postgres.prisma.user.findMany())
    expect(error).toMatchObject({ code: 'postgres.pool.acquire_timeout' })
    expect(toPostgresError(error)).toBeInstanceOf(AcquireTimeoutError)
    expect(toPostgresError(error)).toMatchObject({ details: { pool: 'service', active: 1, waiting: 1, max: 1 } })
    expect(await failureOf(postgres.prisma.$transaction((tx) => tx.user.count()))).toBeInstanceOf(AcquireTimeoutError)
    expect(await failureOf(postgres.transaction((tx) => tx.user.count()))).toBeInstanceOf(AcquireTimeoutError)
    held.release()
  })
})

describe('toPostgresError', () => {
  it('names constraint, table and columns of a violation, and no value', async () => {
    const { prisma } = postgres
    const email = `${SECRET}@example.com`
    const user = await prisma.user.create({ data: { email } })
    const duplicate = await mapped(prisma.user.create({ data: { email } }))
    expect(duplicate).toMatchObject({
      code: 'postgres.unique_violation',
      details: { sqlState: '23505', table: 'users', constraint: expect.stringContaining('email') },
    })
    const orphan = await mapped(
      prisma.license.create({
        data: { userId: user.id, pluginId: SECRET, licenseKey: SECRET, tier: 'pro', features: [], limitations: {} },
      }),
    )
    expect(orphan).toMatchObject({ code: 'postgres.foreign_key_violation', details: { sqlState: '23503' } })
    const unchecked = await mapped(prisma.log.create({ data: { level: SECRET as 'info', message: SECRET } }))
    expect(unchecked).toMatchObject({
      code: 'postgres.check_violation',
      details: { sqlState: '23514', table: 'logs', constraint: expect.stringContaining('level') },
    })
    const empty = await mapped(prisma.$executeRaw`INSERT INTO logs (level, message) VALUES ('info', NULL)`)
    expect(empty).toMatchObject({
      code: 'postgres.not_null_violation',
      details: { table: 'logs', columns: ['message'] },
    })
    expect(inspect([duplicate, orphan, unchecked, empty], { depth: 9 })).not.toContain(SECRET)
  })

  it('repeats no value that the server quoted', async () => {
    const error = await mapped(postgres.prisma.$queryRaw`SELECT ${SECRET}::text::uuid`)
    expect(error).toMatchObject({ code: 'postgres.invalid_value', details: { sqlState: '22P02' } })
    expect(inspect(error, { depth: 9 })).not.toContain(SECRET)
  })

  it('knows a missing row, a table that never was, a missing right', async () => {
    const { prisma } = postgres
    const id = '00000000-0000-7000-8000-000000000000'
    expect(await mapped(prisma.user.update({ where: { id }, data: { name: 'x' } }))).toMatchObject({
      code: 'postgres.not_found',
    })
    expect(await mapped(prisma.$queryRaw`SELECT * FROM no_such_table`)).toMatchObject({
      code: 'postgres.invalid_sql',
    })
    expect(await mapped(prisma.$executeRaw`DROP TABLE users`)).toMatchObject({ code: 'postgres.permission_denied' })
  })

  it('knows what the server cut short', async () => {
    const slow = bench.service({ statementTimeoutMs: 50 })
    expect(await mapped(slow.prisma.$executeRaw`SELECT pg_sleep(5)`)).toMatchObject({
      code: 'postgres.canceled',
      details: { sqlState: '57014' },
    })
    await slow.close()
  })

  it('leaves an error of ours as it is', () => {
    const ours = toPostgresError(new Error('timeout expired'))
    expect(toPostgresError(ours)).toBe(ours)
  })
})
