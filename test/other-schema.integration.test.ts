import { inspect } from 'node:util'
import { createPostgres, parsePostgresSettings } from '@miyabi/postgres'
import { createTestDatabase, sql } from '@miyabi/testing'
import { expect, it } from 'vitest'
import { generateClient } from './generated-client.js'

const models = `
enum Mood {
  HAPPY @map("happy mood")
  SAD
}

model Thing {
  id       Int       @id
  tiny     Int       @db.SmallInt
  big      BigInt
  real     Float     @db.Real
  double   Float
  exact    Decimal   @db.Decimal(30, 10)
  cash     Decimal   @db.Money
  text     String
  fixed    String    @db.Char(4)
  uuid     String    @db.Uuid
  flag     Boolean
  mood     Mood?
  day      DateTime  @db.Date
  clock    DateTime  @db.Time(3)
  stamp    DateTime  @db.Timestamp(3)
  stamptz  DateTime  @db.Timestamptz(3)
  json     Json?     @db.Json
  jsonb    Json?
  bytes    Bytes
  moods    Mood[]
  ints     Int[]
  bigs     BigInt[]
  doubles  Float[]
  exacts   Decimal[]
  texts    String[]
  uuids    String[]  @db.Uuid
  flags    Boolean[]
  days     DateTime[] @db.Date
  stamps   DateTime[] @db.Timestamptz(3)
  jsons    Json[]
  blobs    Bytes[]
  parentId Int?
  parent   Thing?    @relation("tree", fields: [parentId], references: [id])
  children Thing[]   @relation("tree")
}
`

const UUID = '0190d3a0-0000-7000-8000-000000000001'
const TABLE = `
  CREATE TYPE "Mood" AS ENUM ('happy mood', 'SAD');
  CREATE TABLE "Thing" (
    id int PRIMARY KEY, tiny smallint NOT NULL, big bigint NOT NULL, real real NOT NULL, double float8 NOT NULL, exact numeric(30, 10) NOT NULL,
    cash money NOT NULL, text text NOT NULL, fixed char(4) NOT NULL, uuid uuid NOT NULL, flag boolean NOT NULL, mood "Mood", day date NOT NULL,
    clock time(3) NOT NULL, stamp timestamp(3) NOT NULL, stamptz timestamptz(3) NOT NULL, json json, jsonb jsonb, bytes bytea NOT NULL,
    moods "Mood"[], ints int[], bigs bigint[], doubles float8[], exacts numeric(65, 30)[], texts text[], uuids uuid[], flags boolean[], days date[],
    stamps timestamptz(3)[], jsons jsonb[], blobs bytea[], "parentId" int REFERENCES "Thing");
  INSERT INTO "Thing" VALUES
    (1, -32768, 9223372036854775807, 1.5, 0.1, '12345678901234567890.0123456789', '-1234.50', 'it''s "\\ ｱ🙂', 'ab', '${UUID}', true, 'happy mood',
     '0001-01-01', '23:59:59.999', '9999-12-31 23:59:59.999', '1969-12-31 23:59:59.001+00', '{"a": [1, null]}', '{"$type": "x"}', '\\x0001ff',
     '{happy mood,SAD}', '{1,-1}', '{9007199254740993}', '{0.1,Infinity}', '{1.50,-2}', '{"a\\"\\\\",NULL_,""}', '{${UUID}}', '{t,f}',
     '{2026-02-28}', '{"2026-02-28 12:00:00+00"}', ARRAY['{"b": 1}', '"s"', 'null']::jsonb[], ARRAY['\\x01', '\\x']::bytea[], NULL),
    (2, 0, 0, 'NaN', '-Infinity', 0, 0, '', '', '${UUID}', false, NULL, '2026-01-01', '00:00', '2026-01-01', '2026-01-01', NULL, NULL, '',
     NULL, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', 1);
  GRANT ALL ON "Thing" TO PUBLIC`

interface Things {
  readonly thing: Readonly<Record<string, (args?: object) => Promise<unknown>>>
  $connect(): Promise<void>
  $disconnect(): Promise<void>
}

const calls: readonly (readonly [method: string, args: object])[] = [
  ['findMany', { orderBy: { id: 'asc' } }],
  ['findMany', { orderBy: { id: 'asc' }, include: { children: true, parent: { include: { children: true } } } }],
  ['findUnique', { where: { id: 1 }, include: { _count: true } }],
  ...['HAPPY', 'SAD', 'happy mood', 'NONE'].flatMap((mood) => [
    ['findMany', { where: { mood }, select: { id: true, mood: true } }] as const,
    ['count', { where: { moods: { has: mood } } }] as const,
    ['count', { where: { mood: { in: [mood, 'SAD'] } } }] as const,
  ]),
  ...[
    { tiny: -32768 },
    { big: 2n ** 63n - 1n },
    { double: 0.1 },
    { real: { lt: 2 } },
    { text: { startsWith: 'it' } },
    { fixed: 'ab' },
  ].map((where) => ['findFirst', { where, select: { id: true } }] as const),
  ...[
    { uuid: UUID.toUpperCase() },
    { flag: true },
    { day: new Date('0001-01-01') },
    { clock: { gt: new Date('1970-01-01T12:00:00Z') } },
  ].map((where) => ['findFirst', { where, select: { id: true } }] as const),
  ...[
    { stamp: { gt: '2026-02-01T00:00:00Z' } },
    { stamptz: { in: [new Date('2026-01-01')] } },
    { bytes: new Uint8Array([0, 1, 255]) },
  ].map((where) => ['findFirst', { where, select: { id: true } }] as const),
  ...[
    { ints: { equals: [1, -1] } },
    { bigs: { has: 9007199254740993n } },
    { texts: { hasSome: ['', 'x'] } },
    { uuids: { isEmpty: false } },
  ].map((where) => ['findFirst', { where, select: { id: true } }] as const),
  ...[
    { exact: { gt: '1' } },
    { exact: 0 },
    { jsonb: { path: ['a'], equals: 1 } },
    { jsonb: { equals: { $type: 'x' } } },
  ].map((where) => ['findFirst', { where, select: { id: true } }] as const),
  [
    'groupBy',
    {
      by: ['mood'],
      _count: true,
      _sum: { big: true, exact: true, double: true },
      _avg: { tiny: true },
      orderBy: { mood: 'asc' },
    },
  ],
  [
    'aggregate',
    { _min: { stamp: true, mood: true, day: true, cash: true }, _max: { clock: true, uuid: true, exact: true } },
  ],
]

it('gives the client of another schema the same by compiled reads, of every type, in the classes of its own Prisma', async () => {
  const client = await generateClient<Things>(models)
  await using database = await createTestDatabase({ empty: true })
  await sql(database.directDatabaseUrl, TABLE)
  const open = (isCompiled: boolean) =>
    createPostgres(
      parsePostgresSettings({ DATABASE_URL: database.databaseUrl, DB_COMPILED_QUERIES: String(isCompiled) }),
      { client },
    )
  await using compiled = open(true)
  await using prismas = open(false)
  const answer = async ({ prisma }: { readonly prisma: Things }, method: string, args: object) => {
    try {
      const value = await prisma.thing[method]?.(args)
      return { text: inspect(value, { depth: 9, maxArrayLength: null }), classes: classesIn(value) }
    } catch (error) {
      const { name, code, message } = error as Error & { readonly code?: unknown }
      return { name, code, message, classes: new Set([(error as Error).constructor]) }
    }
  }
  for (const [method, args] of calls) {
    const expected = await answer(prismas, method, args)
    for (const use of ['first', 'next'])
      expect({ method, args, use, ...(await answer(compiled, method, args)) }).toEqual({
        method,
        args,
        use,
        ...expected,
      })
  }
  const { hits, off } = compiled.stats().compiledQueries
  expect([off, hits >= calls.length * 0.6]).toEqual([undefined, true])
})

/** Every class of which something is in a value. */
function classesIn(value: unknown, classes = new Set<unknown>()): Set<unknown> {
  if (typeof value !== 'object' || value === null) return classes
  classes.add(value.constructor)
  if (value.constructor === Object || Array.isArray(value))
    for (const item of Object.values(value)) classesIn(item, classes)
  return classes
}
