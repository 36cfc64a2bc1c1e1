import { Budget } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPostgres, type Postgres, parsePostgresSettings } from '../../src/index.js'
import { internalsOfClient } from '../../src/internals/prisma.js'
import { dataModelOf } from '../../src/prisma/data-model.js'
import { filledDatabase } from './filled-database.js'
import { observed } from './observed.js'
import { type Args, type Call, jsName, RandomCalls, READS } from './random-calls.js'

const READS_COMPARED = { name: 'compiled reads', short: 300, longSeconds: 600 }

type Method = (args: Args | undefined) => Promise<unknown>

function ask({ prisma }: Postgres, { model, method, args }: Call): Promise<unknown> {
  const methods = Reflect.get(prisma, jsName(model)) as Record<string, Method>
  return (methods[method] as Method)(args)
}

describe('compiled reads', () => {
  let database: Awaited<ReturnType<typeof filledDatabase>>
  let compiled: Postgres
  let prismas: Postgres
  beforeAll(async () => {
    database = await filledDatabase()
    const open = (isCompiled: boolean): Postgres =>
      createPostgres(
        parsePostgresSettings({
          DATABASE_URL: database.databaseUrl,
          SERVICE_DATABASE_URL: database.serviceDatabaseUrl,
          DB_COMPILED_QUERIES: String(isCompiled),
          DB_POOLER: process.env['DB_POOLER'],
        }),
        { role: 'service' },
      )
    compiled = open(true)
    prismas = open(false)
  })
  afterAll(async () => {
    await Promise.all([compiled?.close(0), prismas?.close(0)])
    await database?.drop()
  })

  it('differ in nothing from those that go by Prisma, and are most of the calls that Prisma takes', {
    timeout: new Budget(READS_COMPARED).timeoutMs,
  }, async () => {
    using budget = new Budget(READS_COMPARED)
    const models = dataModelOf(internalsOfClient(prismas.prisma))
    const samples = new Map<string, Args[]>()
    for (const model of models.keys())
      samples.set(model, (await ask(prismas, { model, method: 'findMany', args: {} })) as Args[])
    expect([...samples].filter(([, rows]) => rows.length < 5)).toEqual([])
    const calls = new RandomCalls(() => budget.random(), models, samples)
    const counts = new Map<string, { accepted: number; compiled: number }>()
    let refused = 0
    while (budget.next()) {
      const call = calls.read()
      const expected = await observed(() => ask(prismas, call))
      for (const use of ['first', 'next']) {
        const { hits } = compiled.stats().compiledQueries
        const found = await observed(() => ask(compiled, call))
        if (found !== expected) expect({ call, use, found }).toEqual({ call, use, found: expected })
        if (use === 'first') continue
        if (/PrismaClientValidationError/.test(expected)) refused += 1
        else
          for (const of of [call.model, call.method, 'all']) {
            const count = counts.get(of) ?? { accepted: 0, compiled: 0 }
            count.accepted += 1
            if (compiled.stats().compiledQueries.hits > hits) count.compiled += 1
            counts.set(of, count)
          }
      }
    }
    const share = (of: string): number => {
      const { accepted, compiled: went } = counts.get(of) ?? { accepted: 0, compiled: 0 }
      return accepted === 0 ? 1 : went / accepted
    }
    const shares = Object.fromEntries([...models.keys(), ...READS].map((of) => [of, share(of)]))
    expect(Object.entries(shares).filter(([, each]) => each < 0.3)).toEqual([])
    expect(share('all')).toBeGreaterThanOrEqual(0.6)
    expect(refused / budget.rounds).toBeGreaterThanOrEqual(0.15)
  })
})
