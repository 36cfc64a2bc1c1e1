import { AsyncLocalStorage } from 'node:async_hooks'
import { Operations, RetryBudget, silentLogger } from '@miyabi/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Scopes, serviceScope } from '../../src/identity/scope.js'
import { createPool, type Pool, type PrismaClient } from '../../src/index.js'
import { createPrismaClient } from '../../src/prisma/client.js'
import type { CompiledQueries } from '../../src/prisma/compiled/compiled-queries.js'
import { resolvePostgresSettings } from '../../src/settings/resolve.js'
import { StatementNames } from '../../src/statement/names.js'
import { Runner } from '../../src/statement/runner.js'
import { Attempts } from '../../src/transaction/attempt.js'
import { Retrier } from '../../src/transaction/retrier.js'
import { usePoolBench } from '../support.js'
import { observed } from './observed.js'

/** What has been told while a call ran: spans with what they hold, and query events. */
interface Told {
  readonly name: string
  readonly attributes?: unknown
  readonly kind?: unknown
  readonly within: Told[]
}

interface Client {
  readonly prisma: PrismaClient
  readonly compiled: CompiledQueries
  readonly pool: Pool
  readonly events: object[]
}

const bench = usePoolBench({ empty: false })
let compiled: Client
let prismas: Client
let userId: string

function open(isCompiled: boolean): Client {
  const settings = resolvePostgresSettings(
    {
      ...bench.settings({ compiledQueries: isCompiled }),
      serviceDatabaseUrl: bench.serviceUrl,
      serviceMaxConnections: 3,
    },
    'service',
  )
  const pool = createPool(settings)
  const scopes = new Scopes()
  const runner = new Runner(pool, {
    scopes,
    names: new StatementNames(),
    login: 'service',
    logger: undefined,
    onWritten: undefined,
  })
  const retrier = new Retrier(new RetryBudget(), () => pool.stats, silentLogger)
  const events: object[] = []
  const { client, compiled: queries } = createPrismaClient(
    pool,
    settings,
    new Operations(),
    { attempts: new Attempts(), retrier, runner },
    {
      scope: serviceScope,
      scopes,
      logger: undefined,
      log: [
        { emit: 'event', level: 'query' },
        { emit: 'event', level: 'error' },
      ],
    },
  )
  const listening = client as unknown as { $on(name: string, listener: (event: object) => void): void }
  listening.$on('query', (event) => events.push({ ...event, timestamp: 0, duration: 0 }))
  listening.$on('error', (event) => events.push({ ...event, timestamp: 0 }))
  return { prisma: client, compiled: queries, pool, events }
}

beforeAll(async () => {
  compiled = open(true)
  prismas = open(false)
  const user = await prismas.prisma.user.create({ data: { email: 'a@example.com', name: 'Ann' } })
  await prismas.prisma.user.create({ data: { email: 'b@example.com', name: 'Ben' } })
  userId = user.id
  await compiled.prisma.$connect() // which is a span of the first call otherwise
})
afterAll(async () => {
  for (const client of [compiled, prismas]) {
    await client?.prisma.$disconnect()
    await client?.pool.close(0)
  }
})

type Work = (prisma: PrismaClient) => PromiseLike<unknown>

/** Calls whose spans and events are compared, one by one. */
const calls: Readonly<Record<string, Work>> = {
  'a read by key': ({ user }) => user.findUnique({ where: { id: userId } }),
  'a first row': ({ user }) =>
    user.findFirst({ where: { email: { in: ['a@example.com', 'c@example.com'] } }, orderBy: { id: 'asc' } }),
  'a list behind NOT IN': ({ user }) =>
    user.findMany({ where: { name: { notIn: ['x', 'y', 'z'] } }, select: { name: true } }),
  relations: ({ user }) =>
    user.findMany({ include: { licenses: { include: { plugin: true } } }, orderBy: { id: 'asc' } }),
  'values of other types': ({ usageAggregate }) =>
    usageAggregate.count({ where: { tokens: { gt: 2n ** 60n }, createdAt: { gt: new Date(0) } } }),
  groups: ({ user }) => user.groupBy({ by: ['role'], _count: true, orderBy: { role: 'asc' } }),
  'a fluent call': ({ user }) => user.findUnique({ where: { id: userId } }).licenses(),
  'a row that is missing': ({ user }) => user.findFirstOrThrow({ where: { name: 'nobody' } }),
  'a statement that fails': ({ user }) => user.findFirst({ where: { id: 'no uuid' } }),
  'a call that is refused': ({ user }) => user.findFirst({ where: { nothing: 1 } as never }),
}

describe('spans and events', () => {
  const within = new AsyncLocalStorage<Told[]>()
  /** As @prisma/instrumentation puts it there. */
  const helper = {
    isEnabled: () => true,
    getTraceParent: () => '00-10-10-00',
    getActiveContext: () => undefined,
    dispatchEngineSpans: () => {},
    runInChildSpan<T>(
      given: string | { readonly name: string; readonly attributes?: unknown; readonly kind?: unknown },
      work: () => T,
    ): T {
      const { name, attributes, kind } =
        typeof given === 'string' ? { name: given } : { attributes: undefined, kind: undefined, ...given }
      const told: Told = { name, attributes, kind, within: [] }
      within.getStore()?.push(told)
      return within.run(told.within, work)
    },
  }
  afterAll(() => void Reflect.deleteProperty(globalThis, 'PRISMA_INSTRUMENTATION'))

  const toldBy = async ({ prisma, events }: Client, work: Work) => {
    events.length = 0
    const spans: Told[] = []
    const answer = await within.run(spans, () => observed(() => work(prisma)))
    return { answer, spans, events: [...events] }
  }

  it.each(Object.entries(calls))('of %s are those of Prisma, the first time and after that', async (_name, work) => {
    for (const isTraced of [true, false, true]) {
      if (isTraced) Object.assign(globalThis, { PRISMA_INSTRUMENTATION: { helper } })
      else Reflect.deleteProperty(globalThis, 'PRISMA_INSTRUMENTATION')
      expect(await toldBy(compiled, work)).toEqual(await toldBy(prismas, work))
    }
    const { events, spans } = await toldBy(compiled, work)
    expect(events.length).toBeGreaterThan(0)
    expect(spans.map(({ name }) => name)).toEqual(['operation'])
  })

  it('come from compiled calls', () => {
    expect(compiled.compiled.stats.hits).toBeGreaterThan(20)
  })
})

describe('an extended client', () => {
  it('has computed fields, methods and queries of its own, on compiled reads', async () => {
    const extend = ({ prisma }: Client) => {
      const seen: unknown[] = []
      const extended = prisma
        .$extends({
          result: { user: { title: { needs: { name: true }, compute: ({ name }) => `Dr. ${name}` } } },
          model: { user: { named: (name: string) => prisma.user.findFirst({ where: { name } }) } },
          client: { $hello: () => 'hello' },
        })
        .$extends({
          query: {
            user: {
              async findMany({ args, query }) {
                seen.push(args)
                const rows = await query({ ...args, where: { ...args.where, name: 'Ann' } })
                return rows.map((row) => ({ ...row, seen: true }))
              },
            },
          },
        })
      return { extended, seen }
    }
    const answers = async (client: Client) => {
      const { extended, seen } = extend(client)
      const answer: string[] = []
      for (let round = 0; round < 2; round += 1) {
        answer.push(
          await observed(
            async () => (await extended.user.findFirst({ where: { id: userId }, select: { title: true } }))?.title,
          ),
          await observed(() => extended.user.findFirst({ where: { id: userId }, omit: { name: true } })),
          await observed(() => extended.user.named('Ann')),
          await observed(() => extended.user.findMany({ select: { id: true, title: true } })),
          await observed(() => extended.license.findMany({ include: { user: true } })),
          await observed(async () => extended.$hello()),
        )
      }
      return { answer, seen }
    }
    const before = compiled.compiled.stats
    expect(await answers(compiled)).toEqual(await answers(prismas))
    const { hits, misses } = compiled.compiled.stats
    expect(hits + misses - before.hits - before.misses).toBe(10)
    expect(hits - before.hits).toBeGreaterThanOrEqual(5)
  })

  it('that computes nothing shares its plans with all others, as many as there are of them', async () => {
    await compiled.prisma.user.findFirst({ where: { name: 'Ann' } })
    const { misses } = compiled.compiled.stats
    for (let round = 0; round < 5; round += 1)
      await compiled.prisma
        .$extends({ query: { $allOperations: ({ args, query }) => query(args) } })
        .user.findFirst({ where: { name: 'Ann' } })
    expect(compiled.compiled.stats.misses).toBe(misses)
  })
})
