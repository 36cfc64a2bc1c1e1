import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Postgres } from '../../src/index.js'
import { usePoolBench } from '../support.js'

const bench = usePoolBench({ empty: false })
beforeAll(async () => {
  await bench.admin('ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO miyabi_service')
})

function onOneConnection(): Postgres {
  const postgres = bench.service({ maxConnections: 1 })
  onTestFinished(async () => void (await postgres.close(0)))
  return postgres
}

interface Change {
  readonly make: string
  readonly text: string
  readonly before: object
  readonly change: string
  readonly after: object
}

const CHANGES: Record<string, Change> = {
  'two columns that swap their names': {
    make: 'CREATE TABLE swapped AS SELECT 1 AS id, 2 AS a, 3 AS b',
    text: 'SELECT * FROM swapped WHERE id = $1',
    before: { id: 1, a: 2, b: 3 },
    change: `ALTER TABLE swapped RENAME a TO x; ALTER TABLE swapped RENAME b TO a; ALTER TABLE swapped RENAME x TO b`,
    after: { id: 1, a: 3, b: 2 },
  },
  'a column of another type': {
    make: 'CREATE TABLE typed AS SELECT 1 AS id, 2 AS day',
    text: 'SELECT day FROM typed WHERE id = $1',
    before: { day: 2 },
    change: "ALTER TABLE typed ALTER day TYPE date USING DATE '2026-02-28'",
    after: { day: new Date('2026-02-28') },
  },
  'a table made anew': {
    make: 'CREATE TABLE anew AS SELECT 1 AS id, 2 AS b',
    text: 'SELECT * FROM anew WHERE id = $1',
    before: { id: 1, b: 2 },
    change: "DROP TABLE anew; CREATE TABLE anew AS SELECT 1 AS id, 'two' AS b",
    after: { id: 1, b: 'two' },
  },
  'a view replaced': {
    make: 'CREATE VIEW seen AS SELECT 1 AS id, 2 AS b',
    text: 'SELECT * FROM seen WHERE id = $1',
    before: { id: 1, b: 2 },
    change: 'CREATE OR REPLACE VIEW seen AS SELECT 1 AS id, 3 AS b, 4 AS c',
    after: { id: 1, b: 3, c: 4 },
  },
  'a function that returns something else': {
    make: "CREATE FUNCTION told(integer) RETURNS integer LANGUAGE sql AS 'SELECT $1'",
    text: 'SELECT told($1) AS told',
    before: { told: 1 },
    change:
      "DROP FUNCTION told; CREATE FUNCTION told(integer) RETURNS jsonb LANGUAGE sql AS 'SELECT jsonb_build_array($1)'",
    after: { told: [1] },
  },
  'rows that a write returns': {
    make: 'CREATE TABLE returned AS SELECT 1 AS id, 2 AS b',
    text: 'UPDATE returned SET id = $1 RETURNING *',
    before: { id: 1, b: 2 },
    change: 'ALTER TABLE returned RENAME b TO c; ALTER TABLE returned ADD b text',
    after: { id: 1, c: 2, b: null },
  },
}

describe('a change under what several sessions know by name', () => {
  it('is met by none of them, also where nothing can be run again: in a transaction of Prisma, which is begun anew', async () => {
    const postgres = bench.service({ maxConnections: 3 })
    onTestFinished(async () => void (await postgres.close(0)))
    await bench.admin('CREATE TABLE known AS SELECT 1 AS a')
    const text = 'SELECT * FROM known WHERE a = $1'
    const ask = () => postgres.prisma.$transaction((tx) => tx.$queryRawUnsafe(text, 1))
    for (let turn = 0; turn < 3; turn += 1) await Promise.all([ask(), ask(), ask()])
    await bench.admin('ALTER TABLE known ALTER a TYPE bigint')
    const outcomes: unknown[] = []
    for (let turn = 0; turn < 4; turn += 1) outcomes.push(await ask().catch((error: { code: string }) => error.code))
    expect(outcomes).toEqual([[{ a: 1n }], [{ a: 1n }], [{ a: 1n }], [{ a: 1n }]])
  })
})

describe.each(Object.entries(CHANGES))('%s', (_what, { make, text, before, change, after }) => {
  it('is read as it is now, by every way', async () => {
    const ways = [
      (postgres: Postgres) => postgres.query(text, [1]).then(({ rows }) => rows),
      (postgres: Postgres) => postgres.prisma.$queryRawUnsafe(text, 1),
      (postgres: Postgres) => postgres.transaction((_tx, { query }) => query(text, [1])).then(({ rows }) => rows),
      (postgres: Postgres) => postgres.transaction((tx) => tx.$queryRawUnsafe(text, 1)),
    ].map((way) => way.bind(undefined, onOneConnection()))
    await bench.admin(make)
    for (let turn = 0; turn < 4; turn += 1)
      expect(await Promise.all(ways.map((way) => way()))).toEqual(ways.map(() => [before]))
    await bench.admin(change)
    for (let turn = 0; turn < 4; turn += 1)
      expect(await Promise.all(ways.map((way) => way()))).toEqual(ways.map(() => [after]))
  })
})
