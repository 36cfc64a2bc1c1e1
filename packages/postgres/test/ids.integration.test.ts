import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { idAt, idsBetween, isPostgresError, mapPostgresError, type Postgres } from '../src/index.js'
import { failureOf, usePoolBench } from './support.js'

const bench = usePoolBench({ empty: false })
let postgres: Postgres
beforeAll(() => {
  postgres = bench.service({ maxConnections: 2 })
})
afterAll(() => postgres?.close())

const DAY_MS = 86_400_000
const log = (createdAt: Date, id = idAt(createdAt)) => ({ id, level: 'info', message: 'm', createdAt }) as const

describe('ids of monthly tables', () => {
  it('contain the same time here and in the database', async () => {
    const times = [new Date(0), new Date('2026-02-28T12:34:56.789Z'), new Date(Date.UTC(9999, 11, 31, 23, 59, 59, 999))]
    for (const time of times) {
      const id = idAt(time)
      const [row] = await bench.admin(
        `SELECT time_of_id($1) = $2::timestamptz AND id_fits($1, $2) AND id_fits(id_at($2), $2) AS fits, id_floor($2::timestamptz)::text AS floor`,
        [id, time.toISOString()],
      )
      expect(row).toEqual({ fits: true, floor: `${id.slice(0, 13)}-0000-0000-000000000000` })
    }
    expect(new Set(Array.from({ length: 1000 }, () => idAt(new Date(0)))).size).toBe(1000)
    for (const wrong of [new Date(Number.NaN), new Date(-1), '2026-01-01' as unknown as Date])
      expect(() => idAt(wrong)).toThrow(/time is not a Date in the years 1970 to 9999/)
  })

  it('may differ from their row by a day, and no more', async () => {
    const at = new Date('2026-03-15T12:00:00Z')
    const moved = (ms: number) => log(at, idAt(new Date(at.getTime() + ms)))
    for (const ms of [DAY_MS, -DAY_MS]) await postgres.prisma.log.create({ data: moved(ms) })
    for (const ms of [DAY_MS + 1, -DAY_MS - 1])
      expect(mapPostgresError(await failureOf(postgres.prisma.log.create({ data: moved(ms) })))).toMatchObject({
        code: 'postgres.check_violation',
        details: { constraint: 'logs_id_fits_created_at', table: 'logs', columns: ['id', 'created_at'] },
      })
  })

  it('between two moments find every row of that period, in two partitions for a month', async () => {
    const [from, to] = [new Date('2027-03-01Z'), new Date('2027-04-01Z')]
    const inMonth = [from, new Date(to.getTime() - 1), new Date('2027-03-15Z')]
    const rows = inMonth.flatMap((at) => [
      log(at),
      log(at, idAt(new Date(at.getTime() + DAY_MS))),
      log(at, idAt(new Date(at.getTime() - DAY_MS))),
    ])
    await bench.admin(
      `SELECT parts.add_month('logs', month::date) FROM generate_series('2026-12-01'::date, '2027-06-01', '1 month') AS month`,
    )
    await postgres.prisma.log.createMany({ data: [...rows, log(to), log(new Date(from.getTime() - 1))] })
    const createdAt = { gte: from, lt: to }
    expect(await postgres.prisma.log.count({ where: { id: idsBetween(from, to), createdAt } })).toBe(rows.length)
    expect(await postgres.prisma.log.count({ where: { createdAt } })).toBe(rows.length)

    const { gte, lt } = idsBetween(from, to)
    const plan = await bench.admin(
      `EXPLAIN SELECT FROM logs WHERE id >= '${gte}' AND id < '${lt}' AND created_at >= '2027-03-01' AND created_at < '2027-04-01'`,
    )
    const partitions = new Set(JSON.stringify(plan).match(/logs_(?:before|\d{4}_\d{2})\b(?!_)/g))
    expect([...partitions].sort()).toEqual(['logs_2027_03', 'logs_2027_04'])
  })

  it('without a month are rejected with a separate code, and its errors name the table', async () => {
    const far = new Date('2999-01-01Z')
    for (const call of [
      () => postgres.prisma.log.create({ data: log(far) }),
      () => postgres.prisma.log.createMany({ data: [log(far), log(far)] }),
      // Not a random one: of those, 1 of 160 lies before the first month.
      () =>
        postgres.query(
          `INSERT INTO logs (level, message, id) VALUES ('info', 'm', 'f47ac10b-58cc-4372-a567-0e02b2c3d479')`,
        ),
    ]) {
      const error = mapPostgresError(await failureOf(call()))
      expect(isPostgresError(error, 'postgres.month_missing')).toBe(true)
      expect(error).toMatchObject({ retryable: false, effect: 'none', details: { table: 'logs' } })
      expect((error as Error).message).toContain('db:maintain')
    }
    const twice = log(new Date('2027-03-10Z'))
    await postgres.prisma.log.create({ data: twice })
    expect(mapPostgresError(await failureOf(postgres.prisma.log.create({ data: twice })))).toMatchObject({
      code: 'postgres.unique_violation',
      details: { constraint: 'logs_pkey', table: 'logs', columns: ['id'] },
    })
  })
})
