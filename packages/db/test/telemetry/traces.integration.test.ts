import type { TestDatabase } from '@miyabi/testing'
import { context, trace } from '@opentelemetry/api'
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node'
import * as conventions from '@opentelemetry/semantic-conventions/incubating'
import { PrismaInstrumentation } from '@prisma/instrumentation'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { DatabaseContext } from '../../src/index.js'
import { observe, type Spans } from '../../src/telemetry/index.js'
import { ATTRIBUTE } from '../../src/telemetry/traces/attributes.js'
import { testEnvironment } from '../environment.js'
import { RecordingLogger } from '../recording-logger.js'

const exporter = new InMemorySpanExporter()
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
const tracer = provider.getTracer('test')
let database: TestDatabase
let env: Record<string, string>
let userId: string
beforeAll(async () => {
  provider.register()
  ;({ database, env } = await testEnvironment())
  await using db = await DatabaseContext.fromEnv({ env })
  userId = (await db.asService().pg.user.create({ data: { email: 'alice@example.com' } })).id
})
afterEach(() => exporter.reset())
afterAll(async () => {
  trace.disable()
  context.disable()
  await provider.shutdown()
  await database.drop()
})

/** Runs work within a request, and gives the tree of its spans, in the order in which they began. */
async function traced(work: (db: DatabaseContext) => Promise<unknown>, spans: Spans = 'statements'): Promise<string[]> {
  await using db = await DatabaseContext.fromEnv({ env })
  using _telemetry = observe(db, { spans, tracer })
  await inRequest('request', () => work(db))
  return treeOf(exporter.getFinishedSpans())
}

async function inRequest(name: string, work: () => Promise<unknown>): Promise<void> {
  const span = tracer.startSpan(name)
  await context.with(trace.setSpan(context.active(), span), work).finally(() => span.end())
}

/** @throws where a span has a parent that was not exported. */
function treeOf(spans: readonly ReadableSpan[]): string[] {
  const ids = new Set(spans.map((span) => span.spanContext().spanId))
  const orphans = spans.filter((span) => span.parentSpanContext && !ids.has(span.parentSpanContext.spanId))
  if (orphans.length > 0) throw new Error(`orphans: ${orphans.map(({ name }) => name).join()}`)
  const at = ({ startTime: [seconds, nanos] }: ReadableSpan): number => seconds * 1e9 + nanos
  const below = (parent: string | undefined, depth: number): string[] =>
    spans
      .filter((span) => span.parentSpanContext?.spanId === parent)
      .toSorted((a, b) => at(a) - at(b))
      .flatMap((span) => ['  '.repeat(depth) + nameOf(span), ...below(span.spanContext().spanId, depth + 1)])
  return below(undefined, 0)
}

const nameOf = ({ name }: ReadableSpan): string => name.replace(/ \S*Miyabi/, ' ')

describe('spans', () => {
  it('are one tree of a request over both stores, through scopes, transactions, batches and compiled reads', async () => {
    const tree = await traced(async (db) => {
      const alice = db.as({ userId })
      for (let time = 0; time < 3; time += 1) await alice.pg.user.findUnique({ where: { id: userId } })
      await alice.pg.plugin.findMany({ include: { reviews: true } })
      const service = db.asService()
      await service.pg.log.createMany({ data: [1, 2].map((n) => ({ level: 'info', message: `${n}` })) })
      await service.transaction(async (tx, { query }) => {
        await tx.user.update({ where: { id: userId }, data: { name: 'Alice' } })
        await query('SELECT 1')
        await db.dynamodb.events.append({ eventType: 'x' })
      })
      await service.pg.$transaction([service.pg.user.count(), service.pg.log.count()])
      await alice.query('SELECT 1')
      await db.dynamodb.events.appendMany([{ eventType: 'x' }, { eventType: 'y' }])
    })
    expect(tree).toMatchInlineSnapshot(`
      [
        "request",
        "  user.findUnique",
        "    SELECT users",
        "  user.findUnique",
        "    SELECT users",
        "  user.findUnique",
        "    SELECT users",
        "  plugin.findMany",
        "    SELECT plugins",
        "    SELECT plugin_reviews",
        "  log.createMany",
        "    SELECT",
        "    INSERT logs",
        "  transaction",
        "    BEGIN",
        "    user.update",
        "      UPDATE users",
        "    SELECT",
        "    events.append",
        "      PutItem Events",
        "    COMMIT",
        "  $transaction",
        "    BEGIN",
        "    SELECT users",
        "    SELECT logs",
        "    COMMIT",
        "  query",
        "    SELECT",
        "  events.appendMany",
        "    BatchWriteItem Events",
      ]
    `)
  })

  it('have the caller that waited as their parent, also where one gives its connection to another', async () => {
    await using db = await DatabaseContext.fromEnv({
      env: { ...env, DB_MIN_CONNECTIONS: '0', DB_MAX_CONNECTIONS: '1' },
    })
    using _telemetry = observe(db, { spans: 'statements', tracer })
    const one = db.as({ userId })
    const requests = Array.from({ length: 8 }, (_, n) =>
      inRequest(`request ${n}`, async () => {
        await one.query('SELECT 1')
        await one.pg.plugin.findMany({ where: { downloads: n } })
        await one.transaction((tx) => tx.user.count())
      }),
    )
    await Promise.all(requests)
    const spans = exporter.getFinishedSpans()
    const roots = spans.filter(({ parentSpanContext }) => !parentSpanContext)
    expect(roots.map(({ name }) => name).sort()).toEqual(requests.map((_, n) => `request ${n}`))
    for (const root of roots) {
      const own = spans.filter((span) => span.spanContext().traceId === root.spanContext().traceId)
      expect(
        treeOf(own)
          .map((line) => line.trim())
          .slice(1),
      ).toEqual([
        'query',
        'SELECT',
        'plugin.findMany',
        'SELECT plugins',
        'transaction',
        'BEGIN',
        'user.count',
        'SELECT users',
        'COMMIT',
      ])
    }
  })

  it('are those of calls alone, or none', async () => {
    const work = async (db: DatabaseContext): Promise<void> => {
      await db.as({ userId }).pg.user.count()
      await db.dynamodb.events.append({ eventType: 'x' })
    }
    expect(await traced(work, 'calls')).toEqual(['request', '  user.count', '  events.append'])
    exporter.reset()
    expect(await traced(work, 'off')).toEqual(['request'])
  })

  it('say what failed by its code, and hold no value, person or text of SQL', async () => {
    const secret = 'hunter2-9431'
    const tree = await traced(async (db) => {
      const alice = db.as({ userId })
      await alice.query(`SELECT '${secret}' FROM nowhere WHERE $1 = 1`, [secret]).catch(() => {})
      await alice.pg.user.findMany({ where: { name: secret } })
      await alice.transaction((_, { query }) => query('SELECT $1::text', [secret]))
      await db
        .asService()
        .pg.user.create({ data: { email: 'alice@example.com', name: secret } })
        .catch(() => {})
      const event = { eventType: 'x', userId: secret, idempotencyKey: secret, occurredAt: new Date() }
      for (let time = 0; time < 2; time += 1) await db.dynamodb.events.append({ ...event, data: { secret } })
    })
    expect(tree).toContain('  user.create')
    const spans = exporter.getFinishedSpans()
    const failures = spans.flatMap(({ name, attributes, status }) => (status.code === 2 ? [[name, attributes]] : []))
    expect(failures.map(([name, attributes]) => [name, Object(attributes)['error.type']])).toEqual([
      ['SELECT', '42P01'],
      ['query', 'postgres.invalid_sql'],
      ['INSERT users', '23505'],
      ['user.create', 'postgres.unique_violation'],
      [expect.stringContaining('PutItem '), 'ConditionalCheckFailedException'],
    ])
    const exported = JSON.stringify(
      spans.map(({ name, attributes, events, status }) => [name, attributes, events, status]),
    )
    for (const text of [secret, userId, 'alice@example.com', '$1', 'nowhere']) expect(exported).not.toContain(text)
  })

  it('end when the observation does, and harm nothing where the tracer throws', async () => {
    const logger = new RecordingLogger()
    await using db = await DatabaseContext.fromEnv({ env, logger })
    const broken = {
      startSpan: () => {
        throw new Error('no span today')
      },
    }
    const telemetry = observe(db, { spans: 'statements', tracer: broken })
    expect(await db.as({ userId }).pg.user.count()).toBe(1)
    await db.as({ userId }).pg.user.count()
    expect(logger.of('postgres.observer_failed').length).toBe(2) // of calls, and of statements
    telemetry[Symbol.dispose]()
    await db.as({ userId }).pg.user.count()
    expect(exporter.getFinishedSpans()).toEqual([])
  })
})

describe("beside Prisma's own instrumentation", () => {
  let instrumentation: PrismaInstrumentation
  beforeAll(() => {
    instrumentation = new PrismaInstrumentation() // enabled by being made
    instrumentation.setTracerProvider(provider)
  })
  afterAll(() => instrumentation.disable())

  it("hang below Prisma's spans, and repeat none of them", async () => {
    const tree = await traced(async (db) => {
      const alice = db.as({ userId })
      for (let time = 0; time < 3; time += 1) await alice.pg.user.findUnique({ where: { id: userId } })
      await db.asService().transaction((tx) => tx.user.update({ where: { id: userId }, data: { name: 'Al' } }))
      await db.asService().pg.$transaction([db.asService().pg.user.count()])
      await alice.query('SELECT 1')
    })
    expect(tree).toMatchInlineSnapshot(`
      [
        "request",
        "  prisma:client:operation",
        "    prisma:client:serialize",
        "    prisma:client:connect",
        "    prisma:client:compile",
        "    prisma:client:db_query",
        "      SELECT users",
        "  prisma:client:operation",
        "    prisma:client:serialize",
        "    prisma:client:db_query",
        "      SELECT users",
        "  prisma:client:operation",
        "    prisma:client:serialize",
        "    prisma:client:db_query",
        "      SELECT users",
        "  transaction",
        "    prisma:client:transaction",
        "      prisma:client:connect",
        "      prisma:client:start_transaction",
        "        BEGIN",
        "      prisma:client:operation",
        "        prisma:client:serialize",
        "        prisma:client:compile",
        "        prisma:client:db_query",
        "          UPDATE users",
        "      prisma:client:commit_transaction",
        "        prisma:client:db_query",
        "          COMMIT",
        "  prisma:client:transaction",
        "    prisma:client:operation",
        "      prisma:client:serialize",
        "      prisma:client:compile",
        "      prisma:client:db_query",
        "        SELECT users",
        "  query",
        "    SELECT",
      ]
    `)
  })
})

it('puts the ids of the active trace into the lines of our log', async () => {
  const logger = new RecordingLogger()
  await using db = await DatabaseContext.fromEnv({ env, logger })
  using _telemetry = observe(db, { spans: 'calls', tracer })
  const conflict = `DO $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = 'serialization_failure'; END $$`
  let attempts = 0
  await inRequest('request', () =>
    db.as({ userId }).transaction(async (_, { query }) => {
      attempts += 1
      if (attempts === 1) await query(conflict)
    }),
  )
  const [call] = exporter.getFinishedSpans()
  expect(call?.name).toBe('transaction')
  const { traceId, spanId } = call?.spanContext() ?? {}
  expect(logger.of('postgres.retry').map(({ fields }) => fields)).toMatchObject([
    { trace_id: traceId, span_id: spanId, trace_flags: 1 },
  ])
  expect(logger.of('db.started')[0]?.fields).not.toHaveProperty('trace_id')
})

it('calls attributes by the names of the conventions', () => {
  const names = new Set<unknown>(
    Object.entries(conventions).flatMap(([key, name]) => (key.startsWith('ATTR_') ? [name] : [])),
  )
  expect(Object.values(ATTRIBUTE).filter((name) => !names.has(name))).toEqual([])
  expect([conventions.DB_SYSTEM_NAME_VALUE_POSTGRESQL, conventions.DB_SYSTEM_NAME_VALUE_AWS_DYNAMODB]).toEqual([
    'postgresql',
    'aws.dynamodb',
  ])
})
