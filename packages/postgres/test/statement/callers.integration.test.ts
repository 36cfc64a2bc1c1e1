import { describe, expect, it, onTestFinished } from 'vitest'
import { toPostgresError } from '../../src/errors/map-error.js'
import { createPostgres, type Postgres } from '../../src/index.js'
import { failureOf, usePoolBench } from '../support.js'

const bench = usePoolBench({ empty: false })
const SECRET = 'a value of the caller'

/** What cannot be sent. */
const CIRCULAR: Record<string, unknown> = { secret: SECRET }
CIRCULAR['self'] = CIRCULAR
const REFUSING = {
  toPostgres: () => {
    throw new RangeError(SECRET)
  },
}

describe.each(['service', 'nobody'] as const)('on one connection of %s,', (whose) => {
  function open(): Postgres {
    const limit = { maxConnections: 1 }
    const postgres = whose === 'service' ? bench.service(limit) : createPostgres(bench.settings(limit))
    onTestFinished(async () => void (await postgres.close(0)))
    postgres.pool.on('connect', () => opened.set(postgres, (opened.get(postgres) ?? 0) + 1))
    return postgres
  }
  const opened = new WeakMap<Postgres, number>()
  /** How many it has opened, at least the one that answers. */
  const connections = async (postgres: Postgres) => {
    await postgres.query('SELECT 1')
    return opened.get(postgres)
  }

  it('a parameter that cannot be sent is refused by its place, before anything is, and costs no connection', async () => {
    const postgres = open()
    const before = await connections(postgres)
    const text = 'SELECT $1::int AS n, $2::text AS t'
    for (let turn = 0; turn < 4; turn += 1) {
      for (const value of [CIRCULAR, { big: 1n }, REFUSING]) {
        const error = toPostgresError(await failureOf(postgres.query(text, [1, value])))
        expect(error).toMatchObject({ code: 'postgres.invalid_query', effect: 'none', details: { argument: '$2' } })
        expect(`${error.message} ${String(error.cause)}`).not.toContain(SECRET)
        expect(error.message).toMatch(/\$2 .*(TypeError|RangeError)/)
      }
      expect((await postgres.query(text, [turn, 't'])).rows).toEqual([{ n: turn, t: 't' }])
    }
    expect(await connections(postgres)).toBe(before)
    expect(postgres.stats()).toMatchObject({ active: 0, waiting: 0, total: 1 })
  })

  it.for([0, 1, 2, 3])('it leaves its transaction whole, and the statement that was run %i times', async (times) => {
    const postgres = open()
    const text = `SELECT $1::text AS after_${times}`
    const rows = [{ [`after_${times}`]: 'asked' }]
    await postgres.transaction(async (_tx, { query }) => {
      for (let turn = 0; turn < times; turn += 1) await query(text, ['asked'])
      for (let turn = 0; turn < 4; turn += 1) {
        expect(toPostgresError(await failureOf(query(text, [CIRCULAR]))).code).toBe('postgres.invalid_query')
        expect((await query(text, ['asked'])).rows).toEqual(rows)
      }
    })
    expect((await postgres.query(text, ['asked'])).rows).toEqual(rows)
  })

  it('parameters that do not fit the statement are told at once, by every way, and no transaction is run again for them', async () => {
    const postgres = open()
    let runs = 0
    const wrong: (readonly [string, number])[] = [
      ['SELECT $1::int + $2::int AS n', 1],
      ['SELECT $1::int AS n', 2],
      ['SELECT $1::int AS cut_off\0', 1],
      ['SELECT $1::int AS n', 70_000],
    ]
    for (const [text, count] of wrong) {
      const values = Array.from({ length: count }, () => 1)
      const ways = [
        () => postgres.query(text, values),
        () =>
          postgres.transaction((_tx, { query }) => {
            runs += 1
            return query(text, values)
          }),
        () => postgres.prisma.$queryRawUnsafe(text, ...values),
      ]
      for (const way of count > 2 ? ways.slice(0, 2) : ways)
        expect(toPostgresError(await failureOf(way()))).toMatchObject({
          code: 'postgres.invalid_query',
          effect: 'none',
        })
    }
    expect(runs).toBe(wrong.length)
  })

  it('a COPY of rows that nobody sends fails, and the connection goes on', async () => {
    const postgres = open()
    await bench.admin(`CREATE TABLE IF NOT EXISTS copied (n integer); GRANT ALL ON copied TO PUBLIC`)
    await bench.admin('GRANT USAGE ON SCHEMA public TO PUBLIC')
    const before = await connections(postgres)
    await expect(postgres.query('COPY copied FROM STDIN')).rejects.toMatchObject({ code: 'postgres.invalid_query' })
    expect(await connections(postgres)).toBe(before)
    const within = postgres.transaction((_tx, { query }) => query('COPY copied FROM STDIN'), { deadlineMs: 3000 })
    await expect(within).rejects.toMatchObject({ code: 'postgres.invalid_query' })
    expect(await connections(postgres)).toBe(before)
    expect((await postgres.query('COPY copied TO STDOUT')).rows).toEqual([])
  })
})
