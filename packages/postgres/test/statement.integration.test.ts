import { describe, expect, it, onTestFinished } from 'vitest'
import { createPostgres, type Postgres } from '../src/index.js'
import { usePoolBench } from './support.js'

const bench = usePoolBench({ empty: false })

/** PostgreSQL over one connection at a time, and how often the server described rows, or told an error. */
function onOneConnection(scope: 'scoped' | 'unscoped' = 'scoped') {
  const limit = { maxConnections: 1 }
  const postgres: Postgres = scope === 'scoped' ? bench.service(limit) : createPostgres(bench.settings(limit))
  onTestFinished(async () => void (await postgres.close(0)))
  const told = { rowDescription: 0, errorMessage: 0 }
  postgres.pool.on('connect', (client) => {
    const { connection } = client as unknown as { readonly connection: NodeJS.EventEmitter }
    for (const message of ['rowDescription', 'errorMessage'] as const)
      connection.on(message, () => {
        told[message] += 1
      })
  })
  return { postgres, told }
}

const SERIES = 'SELECT n, n * 1.5 AS half, NULLIF(n, 2) AS "not two" FROM generate_series(1, $1::int) AS n'
const ROWS = [
  { n: 1, half: '1.5', 'not two': 1 },
  { n: 2, half: '3.0', 'not two': null },
]

describe('a statement that is run again', () => {
  it.for(['scoped', 'unscoped'] as const)('%s, is described until the session knows it by its name', async (scope) => {
    const { postgres, told } = onOneConnection(scope)
    const counts: number[] = []
    for (let turn = 0; turn < 5; turn += 1) {
      const { rows, fields, rowCount, command } = await postgres.query(SERIES, [2])
      expect({ rows, rowCount, command }).toEqual({ rows: ROWS, rowCount: 2, command: 'SELECT' })
      expect(fields.map(({ name }) => name)).toEqual(['n', 'half', 'not two'])
      counts.push(told.rowDescription)
    }
    const [first = 0] = counts
    // Without a name; then by name, when it is prepared; then no more.
    expect(counts).toEqual([first, first + 1, first + 1, first + 1, first + 1])
  })

  it('is described no more either to Prisma, in and out of transactions', async () => {
    const { postgres, told } = onOneConnection()
    const ask = () => postgres.prisma.user.findMany({ where: { name: 'nobody' }, select: { id: true } })
    const askWithin = () =>
      postgres.transaction((tx) => tx.user.findMany({ where: { name: 'nobody' }, select: { id: true } }))
    // Each way has its own text: a compiled one says `OFFSET 0`, where Prisma's has a parameter.
    for (let turn = 0; turn < 3; turn += 1) expect([await ask(), await askWithin()]).toEqual([[], []])
    const before = told.rowDescription
    for (let turn = 0; turn < 3; turn += 1) expect([await ask(), await askWithin()]).toEqual([[], []])
    expect(told.rowDescription).toBe(before)
  })

  it('gives each caller rows in the form that they are asked for in', async () => {
    const { postgres } = onOneConnection()
    for (let turn = 0; turn < 3; turn += 1) {
      expect((await postgres.query(SERIES, [2])).rows).toEqual(ROWS)
      const ofPrisma = await postgres.prisma.$queryRawUnsafe<{ half: { toString(): string } }[]>(SERIES, 2)
      expect(ofPrisma.map((row) => ({ ...row, half: String(row.half) }))).toEqual([
        { n: 1, half: '1.5', 'not two': 1 },
        { n: 2, half: '3', 'not two': null },
      ])
    }
  })

  it('may have no rows, rows of no columns, or columns of one name', async () => {
    const { postgres } = onOneConnection()
    await bench.admin('CREATE TABLE counted (n integer)')
    await bench.admin('GRANT SELECT, INSERT ON counted TO miyabi_service')
    for (let turn = 1; turn <= 4; turn += 1) {
      const { rows, rowCount, command } = await postgres.query('INSERT INTO counted VALUES ($1)', [turn])
      expect({ rows, rowCount, command }).toEqual({ rows: [], rowCount: 1, command: 'INSERT' })
      expect((await postgres.query('SELECT FROM counted WHERE n <= $1', [turn])).rows).toHaveLength(turn)
      expect((await postgres.query('SELECT $1::int AS a, 2 AS a', [turn])).rows).toEqual([{ a: 2 }])
      expect((await postgres.query('SELECT n FROM counted WHERE n > $1', [turn])).rows).toEqual([])
    }
  })

  it('fails alone: the next one with the same name is answered', async () => {
    const { postgres } = onOneConnection()
    for (const divisor of [1, 1, 1, 0, 1]) {
      const divided = postgres.query('SELECT 6 / $1::int AS n', [divisor])
      if (divisor === 0) await expect(divided).rejects.toMatchObject({ code: 'postgres.invalid_value' })
      else expect((await divided).rows).toEqual([{ n: 6 }])
    }
  })

  it('goes on when its table is altered so that it answers with other columns', async () => {
    const { postgres, told } = onOneConnection()
    await bench.admin('CREATE TABLE altered AS SELECT 1 AS id')
    await bench.admin('GRANT SELECT ON altered TO miyabi_service')
    const ask = async () => (await postgres.query('SELECT * FROM altered WHERE id = $1', [1])).rows
    for (let turn = 0; turn < 3; turn += 1) expect(await ask()).toEqual([{ id: 1 }])
    await bench.admin("ALTER TABLE altered ADD COLUMN name text DEFAULT 'new', ALTER COLUMN id TYPE bigint")
    for (let turn = 0; turn < 4; turn += 1) expect(await ask()).toEqual([{ id: '1', name: 'new' }])
    expect(told.errorMessage).toBe(1) // the connection that refused it is not used again
    const { prisma } = postgres
    const asked = () => prisma.$queryRawUnsafe('SELECT * FROM altered WHERE id >= $1', 1)
    for (let turn = 0; turn < 3; turn += 1) expect(await asked()).toEqual([{ id: 1n, name: 'new' }])
    await bench.admin('ALTER TABLE altered DROP COLUMN name')
    for (let turn = 0; turn < 3; turn += 1) expect(await asked()).toEqual([{ id: 1n }])
  })
})
