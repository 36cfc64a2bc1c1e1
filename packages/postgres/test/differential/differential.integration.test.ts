import { Budget, createTestDatabase, type TestDatabase } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createPostgres, type Postgres, parsePostgresSettings } from '../../src/index.js'
import { TextArray } from '../../src/prisma/bulk/text-array.js'
import type { PrismaClient } from '../../src/schema/prisma.js'
import { RowsStatement } from '../../src/statement/rows-statement.js'
import { READS } from './calls.js'
import { stockClient } from './clients.js'
import { type Contenders, compare, type Report } from './run.js'

const budget = new Budget({ name: 'calls compared', short: 120, longSeconds: 600 })
/** Of fewer calls no share is told. */
const ENOUGH = 5
let databases: TestDatabase[]
let pools: Postgres[]
let stock: PrismaClient
let contenders: Contenders

function open({ databaseUrl, serviceDatabaseUrl }: TestDatabase, compiledQueries: boolean, role?: 'service'): Postgres {
  const settings = parsePostgresSettings({
    DATABASE_URL: databaseUrl,
    SERVICE_DATABASE_URL: serviceDatabaseUrl,
    DB_MIN_CONNECTIONS: '0',
    DB_POOLER: process.env['DB_POOLER'],
  })
  const postgres = createPostgres({ ...settings, compiledQueries }, role ? { role } : {})
  pools.push(postgres)
  return postgres
}

beforeAll(async () => {
  pools = []
  databases = [await createTestDatabase(), await createTestDatabase()]
  const [one, other] = databases as [TestDatabase, TestDatabase]
  stock = stockClient(one.serviceDatabaseUrl)
  const people = { on: open(one, true), offBeside: open(one, false) }
  contenders = {
    on: open(one, true, 'service'),
    offBeside: open(one, false, 'service'),
    stockBeside: stock,
    off: open(other, false, 'service'),
    personOf(stored) {
      const identity = { userId: String(stored.get('User')?.[0]?.['id']) }
      return { on: people.on.as(identity).prisma, offBeside: people.offBeside.as(identity).prisma }
    },
  }
})
afterAll(async () => {
  await Promise.all([...pools.map((pool) => pool.close(0)), stock.$disconnect()])
  await Promise.all(databases.map((database) => database.drop()))
  budget[Symbol.dispose]()
})

describe('random calls of every kind', () => {
  let report: Report

  it(
    'answer as they do without compiled queries, and as a stock client does',
    async () => {
      report = await compare(
        contenders,
        () => budget.random(),
        () => budget.next(),
      )
      expect(report.differences).toEqual([])
    },
    budget.timeoutMs,
  )

  it('are refused in every fifth case and more', () => {
    expect(report.refused / report.calls).toBeGreaterThanOrEqual(0.2)
  })

  it('are compiled in three of five cases and more, in every third of each kind', () => {
    const shares = [...report.ways]
      .filter(([, { all }]) => all >= ENOUGH)
      .map(([name, { all, compiled }]) => [name, compiled / all] as const)
    expect(Object.fromEntries(shares)['all']).toBeGreaterThanOrEqual(0.6)
    expect(shares.filter(([, share]) => share < 0.3)).toEqual([])
    expect(shares.filter(([name]) => (READS as readonly string[]).includes(name)).length).toBeGreaterThan(4)
  })
})

describe('a compiled query that goes wrong is told', () => {
  const mutants: Readonly<Record<string, () => void>> = {
    'a value that is read as another'() {
      const { handleDataRow } = RowsStatement.prototype
      vi.spyOn(RowsStatement.prototype, 'handleDataRow').mockImplementation(function (this: RowsStatement, message) {
        handleDataRow.call(this, { ...message, fields: [...message.fields.slice(0, -1), null] })
      })
    },
    'a row that is lost'() {
      const { handleDataRow } = RowsStatement.prototype
      vi.spyOn(RowsStatement.prototype, 'handleDataRow').mockImplementation(function (this: RowsStatement, message) {
        if (!this.isInScope || this.answers[0].rawRows.length < 2) handleDataRow.call(this, message)
      })
    },
    'a value that is sent as another'() {
      const { add } = TextArray.prototype
      const others: Readonly<Record<string, string>> = {
        '': 'a',
        a: 'b',
        '{}': '[]',
        free: 'pro',
        pro: 'free',
        '0': '1',
      }
      vi.spyOn(TextArray.prototype, 'add').mockImplementation(function (this: TextArray, text) {
        add.call(this, text === null ? null : (others[text] ?? text))
      })
    },
  }

  it.each(Object.keys(mutants))('%s', { timeout: budget.timeoutMs }, async (name) => {
    const few = new Budget({ name, short: 60, longSeconds: 0 })
    mutants[name]?.()
    try {
      const { differences } = await compare(
        contenders,
        () => few.random(),
        () => few.next(),
      )
      const isOfBulk = name.includes('sent')
      expect(differences.some((told) => told.includes('createMany') === isOfBulk)).toBe(true)
    } finally {
      vi.restoreAllMocks()
    }
  })
})
