import { describe, expect, it, onTestFinished } from 'vitest'
import type { Postgres } from '../../src/index.js'
import { usePoolBench } from '../support.js'

const bench = usePoolBench({ empty: false })

function onOneConnection(): Postgres {
  const postgres = bench.service({ maxConnections: 1 })
  onTestFinished(async () => void (await postgres.close(0)))
  return postgres
}

const where = { name: 'nobody' }
const TEXT = 'SELECT $1::int AS a'
const ways: Record<string, (postgres: Postgres) => Promise<unknown>> = {
  'a call': ({ prisma }) => prisma.plugin.findMany({ where }),
  'query()': (postgres) => postgres.query(TEXT, [1]),
  'transaction()': (postgres) => postgres.transaction((tx) => tx.plugin.findMany({ where })),
  'the query of a transaction()': (postgres) => postgres.transaction((_tx, { query }) => query(TEXT, [1])),
  '$transaction([...])': ({ prisma }) => prisma.$transaction([prisma.plugin.findMany({ where })]),
  '$transaction(fn)': ({ prisma }) => prisma.$transaction((tx) => tx.plugin.findMany({ where })),
}

describe.each(Object.entries(ways))(
  'a session that was told to forget its statements, then asked by %s',
  (_way, ask) => {
    it.each([
      'DEALLOCATE ALL',
      'DISCARD ALL',
      // The server tells of this one only by refusing.
      "DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$",
      "DO $$ BEGIN EXECUTE format('DEALLOCATE %I', (SELECT min(name) FROM pg_prepared_statements WHERE from_sql IS FALSE AND statement !~ 'set_config')); END $$",
    ])('answers after %s', async (text) => {
      const postgres = onOneConnection()
      for (let turn = 0; turn < 3; turn += 1) await ask(postgres)
      await postgres.pool.query(text)
      await ask(postgres)
      await ask(postgres)
    })
  },
)

describe('inside of a transaction', () => {
  it('what is forgotten is prepared anew', async () => {
    const postgres = onOneConnection()
    const again = async (ask: () => Promise<unknown>) => {
      for (let turn = 0; turn < 3; turn += 1) await ask()
    }
    const pid = await postgres.transaction(async (_tx, { query }) => {
      await again(() => query(TEXT, [1]))
      await query('DEALLOCATE ALL')
      await again(() => query(TEXT, [1]))
      const { rows } = await query<{ name: string }>(
        `SELECT name FROM pg_prepared_statements WHERE statement = '${TEXT}'`,
      )
      await query(`DEALLOCATE "${rows[0]?.name}"`)
      await again(() => query(TEXT, [1]))
      return (await query('SELECT pg_backend_pid() AS pid')).rows
    })
    // It costs no connection.
    expect((await postgres.query('SELECT pg_backend_pid() AS pid')).rows).toEqual(pid)
  })

  it('with work done before, the server rolls back, and transaction() runs it again', async () => {
    const postgres = onOneConnection()
    for (let turn = 0; turn < 3; turn += 1) await postgres.query(TEXT, [1])
    const attempts: number[] = []
    await postgres.transaction(async (tx, { attempt, query }) => {
      attempts.push(attempt)
      await tx.log.create({ data: { level: 'info', message: 'forgotten' } })
      if (attempt === 1) await query("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$")
      await query(TEXT, [1])
    })
    expect(attempts).toEqual([1, 2])
    expect(await postgres.prisma.log.count({ where: { message: 'forgotten' } })).toBe(1)
  })
})
