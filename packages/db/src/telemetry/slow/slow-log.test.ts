import type { LogFields } from '@miyabi/core'
import type { StatementFacts } from '@miyabi/postgres'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SlowLog } from './slow-log.js'
import { SlowTable } from './slow-table.js'

const facts = (given: Partial<StatementFacts> = {}): StatementFacts => ({
  store: 'postgresql',
  pool: 'main',
  operation: 'SELECT',
  collection: 'users',
  sql: 'SELECT 1',
  path: 'prisma',
  scope: undefined,
  startedAt: 0,
  durationMs: 1,
  rows: 1,
  error: undefined,
  ...given,
})

/** A log with its lines, and a clock. */
function started(slowMs = 100) {
  const lines: (LogFields & { readonly message: string })[] = []
  const clock = { now: 1_000_000 }
  const warn = (fields: LogFields, message: string): void => void lines.push({ ...fields, message })
  const log = new SlowLog({ slowMs, logger: { warn }, now: () => clock.now })
  return { log, lines, clock }
}

describe('the slow log', () => {
  it('adds up what is slow by its shape, and nothing else', () => {
    const { log, clock } = started()
    log.statement(facts({ durationMs: 99.9 }))
    log.statement(facts({ sql: "SELECT 'a'", durationMs: 100, rows: 2 }))
    clock.now += 5
    const error = { code: 'postgres.canceled', sqlState: '57014' }
    log.statement(facts({ sql: "SELECT 'b'", durationMs: 300, rows: undefined, error, pool: 'service' }))
    log.statement(facts({ sql: 'SELECT a', durationMs: 500 }))
    expect(log.list()).toEqual([
      {
        statement: 'SELECT a',
        pools: ['main'],
        count: 1,
        totalMs: 500,
        maxMs: 500,
        rows: 1,
        lastAt: new Date(1_000_005),
        errors: {},
      },
      {
        statement: 'SELECT $1',
        pools: ['main', 'service'],
        count: 2,
        totalMs: 400,
        maxMs: 300,
        rows: 2,
        lastAt: new Date(1_000_005),
        errors: { 'postgres.canceled': 1 },
      },
    ])
  })

  it('writes one line a minute of a shape, with the number of those between, and 20 a minute of all', () => {
    const { log, lines, clock } = started()
    for (let n = 0; n < 3; n += 1) log.statement(facts({ sql: `SELECT ${n}`, durationMs: 150.4 }))
    expect(lines).toEqual([
      {
        event: 'db.statement_slow',
        statement: 'SELECT $1',
        pool: 'main',
        ms: 150,
        rows: 1,
        leftOut: 0,
        message: 'a statement took 150 ms: SELECT $1',
      },
    ])
    clock.now += 60_000
    log.statement(facts({ durationMs: 200 }))
    expect(lines[1]).toMatchObject({ leftOut: 2, ms: 200 })
    for (let n = 0; n < 100; n += 1) log.statement(facts({ sql: `SELECT a${n}`, durationMs: 200 }))
    expect(lines).toHaveLength(2 + 19)
    clock.now += 60_000
    log.statement(facts({ sql: 'SELECT a99', durationMs: 200 }))
    expect(lines).toHaveLength(2 + 19 + 1)
  })

  it('remembers so many shapes, of which the costliest stay', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(30), fc.integer({ min: 1, max: 100 }))), (runs) => {
        const table = new SlowTable(5)
        for (const [shape, ms] of runs)
          table.add({ statement: `SELECT a${shape}`, pool: 'main', ms, rows: 0, error: undefined, at: 0 })
        const list = table.list()
        expect(list.length).toBe(Math.min(5, new Set(runs.map(([shape]) => shape)).size))
        const [last] = runs.slice(-1)
        if (last) expect(list.map(({ statement }) => statement)).toContain(`SELECT a${last[0]}`)
      }),
    )
    const table = new SlowTable(2)
    for (const [statement, ms] of [
      ['a', 1],
      ['b', 9],
      ['c', 2],
      ['d', 3],
    ] as const)
      table.add({ statement, pool: 'main', ms, rows: 0, error: undefined, at: 0 })
    expect(table.list().map(({ statement }) => statement)).toEqual(['b', 'd'])
  })
})

describe('a statement that is repeated', () => {
  const repeat = (times: number, given: Partial<StatementFacts>, log: SlowLog, everyMs = 5): void => {
    for (let n = 0; n < times; n += 1) log.statement(facts({ startedAt: n * everyMs, ...given }))
  }

  it('is told once, with its shape and what to do', () => {
    const { log, lines } = started()
    const sql = 'SELECT "id" FROM "users" WHERE "id" = $1 LIMIT 1'
    repeat(9, { scope: {}, sql }, log)
    expect(lines).toEqual([])
    repeat(500, { scope: {}, sql }, log)
    repeat(500, { scope: {}, sql }, log)
    expect(lines).toEqual([
      {
        event: 'db.statement_repeated',
        statement: 'SELECT "id" FROM "users" WHERE "id" = $1 LIMIT $2',
        count: 10,
        remedy: expect.stringContaining('`include`'),
        message: expect.stringContaining('ran 10 times in a row for one object of as()'),
      },
    ])
    repeat(10, { scope: {}, sql: 'INSERT INTO a VALUES ($1)', operation: 'INSERT' }, log)
    expect(lines[1]).toMatchObject({ remedy: expect.stringContaining('`createMany`') })
  })

  it.each([
    ['of the service, or of nobody', { scope: undefined }, 5],
    ['that begins or ends a transaction', { scope: {}, path: 'transaction' as const }, 5],
    ['with pauses, as from a person at a page that stays open', { scope: {} }, 300],
  ])('is not one %s', (_, given, everyMs) => {
    const { log, lines } = started()
    repeat(100, given, log, everyMs)
    expect(lines).toEqual([])
  })

  it('is one that runs side by side, or slowly', () => {
    const { log, lines } = started(Number.POSITIVE_INFINITY)
    repeat(10, { scope: {}, startedAt: 7 }, log)
    repeat(10, { scope: {}, sql: 'SELECT a', durationMs: 400 }, log, 500)
    expect(lines).toHaveLength(2)
  })

  it('is watched in each object by itself, and in 100 texts of it', () => {
    const { log, lines } = started()
    for (let n = 0; n < 100; n += 1) log.statement(facts({ scope: {} }))
    const scope = {}
    for (let n = 0; n < 100; n += 1) log.statement(facts({ scope, sql: `SELECT a${n}` }))
    repeat(20, { scope, sql: 'SELECT b' }, log)
    expect(lines).toEqual([])
  })
})
