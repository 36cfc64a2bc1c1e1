import pg from 'pg'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Postgres } from '../../src/index.js'
import { usePoolBench } from '../support.js'

const bench = usePoolBench({ empty: false })
/** Often enough for the server to have come to a plan for all. */
const TIMES = 10

function onOneConnection(): Postgres {
  const postgres = bench.service({ maxConnections: 1 })
  onTestFinished(async () => void (await postgres.close(0)))
  return postgres
}

beforeAll(async () => {
  await bench.admin("CREATE TYPE mood AS ENUM ('glad', 'sad'); CREATE DOMAIN small AS integer CHECK (VALUE < 10)")
  await bench.admin('CREATE TYPE pair AS (a integer, b text)')
})

/** Values of each kind, as the server writes them. */
const VALUES = [
  "12345678901234567890.5::numeric AS n, 9007199254740993::int8 AS big, 1.5::float8 AS f, 'NaN'::float4 AS nan",
  "'2026-02-28 23:59:59.123456+00'::timestamptz AS instant, '2026-02-28'::date AS day, '23:59'::time AS clock",
  `'{"a": [1, null]}'::jsonb AS doc, 'null'::jsonb AS nothing, '\\x00ff'::bytea AS bytes, ''::bytea AS none, true AS yes`,
  "ARRAY[1, NULL, 3] AS ints, ARRAY['a,b', NULL, ''] AS texts, '{}'::text[] AS empty, '10.0.0.0/8'::cidr AS net",
  "ARRAY['glad', 'sad']::mood[] AS moods, 'glad'::mood AS mood, 7::small AS small, B'101' AS bits",
  "NULL::date AS no_day, NULL::jsonb AS no_doc, NULL::int[] AS no_ints, '00000000-0000-7000-8000-000000000000'::uuid AS id",
]
/** Those that Prisma does not read. */
const OTHERS = [
  "'infinity'::timestamptz AS never, '1 mon 2 days'::interval AS long, ARRAY[[1,2],[3,4]] AS grid",
  "(1, 'x')::pair AS pair, '[1,5)'::int4range AS range, '(1,2)'::point AS point",
]
const PRISMAS = `SELECT $1::int AS asked, ${VALUES.join(', ')}`
const TEXT = `${PRISMAS}, ${OTHERS.join(', ')}`

describe('rows of a statement', () => {
  it('hold what the driver would read, the first time and the last, within a transaction and without', async () => {
    const postgres = onOneConnection()
    const client = new pg.Client(bench.serviceUrl)
    await client.connect()
    onTestFinished(() => client.end())
    await client.query("SET timezone = 'UTC'")
    for (let asked = 1; asked <= TIMES; asked += 1) {
      const { rows } = await client.query(TEXT, [asked])
      expect((await postgres.query(TEXT, [asked])).rows).toStrictEqual(rows)
      const within = await postgres.transaction(async (_tx, { query }) => (await query(TEXT, [asked])).rows)
      expect(within).toStrictEqual(rows)
    }
  })

  it('are the same to Prisma each time, also where the same text is asked past it', async () => {
    const postgres = onOneConnection()
    const [first] = await postgres.prisma.$queryRawUnsafe<Record<string, unknown>[]>(PRISMAS, 1)
    expect(first).toMatchObject({
      big: 9007199254740993n,
      day: new Date('2026-02-28'),
      ints: [1, null, 3],
      no_day: null,
    })
    for (let asked = 2; asked <= TIMES; asked += 1) {
      const expected = [{ ...first, asked }]
      expect(await postgres.prisma.$queryRawUnsafe(PRISMAS, asked)).toStrictEqual(expected)
      if (asked % 3 === 0) await postgres.query(PRISMAS, [asked])
      await postgres.transaction(async (tx, { query }) => {
        if (asked % 4 === 0) await query(PRISMAS, [asked])
        expect(await tx.$queryRawUnsafe(PRISMAS, asked)).toStrictEqual(expected)
      })
    }
  })

  it("are nobody else's: a caller may change what it was given, its columns included", async () => {
    const postgres = onOneConnection()
    for (let turn = 0; turn < 5; turn += 1) {
      const { rows, fields } = await postgres.query('SELECT $1::int AS n, ARRAY[1] AS list', [turn])
      expect(rows).toEqual([{ n: turn, list: [1] }])
      expect(fields.map(({ name }) => name)).toEqual(['n', 'list'])
      for (const field of fields) Object.assign(field, { name: `my ${field.name}`, dataTypeID: 0 })
      fields.pop()
      rows[0]?.['list'].push(2)
    }
  })
})
