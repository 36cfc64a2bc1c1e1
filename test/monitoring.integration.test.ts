import { randomUUID } from 'node:crypto'
import { DatabaseContext } from '@miyabi/db'
import { metricDefinitions, observe, prometheusName } from '@miyabi/db/telemetry'
import {
  createTestDatabase,
  dynamodbEndpoint,
  sql,
  startDynamoProxy,
  type TestDatabase,
  tablePrefix,
  until,
} from '@miyabi/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { boardExpressions, labelsIn, readRules, selectorsIn } from './monitoring/expressions.js'

/** Labels by name of each series. */
type Series = { readonly name: string; readonly labels: Readonly<Record<string, string>> }

let database: TestDatabase
let series: readonly Series[]
beforeAll(async () => {
  database = await createTestDatabase()
  series = await scrapeOfATroubledApplication()
})
afterAll(() => database?.drop())

/** What Prometheus reads of an application to which everything has happened that is counted. */
async function scrapeOfATroubledApplication(): Promise<readonly Series[]> {
  let isThrottled = false
  await using proxy = await startDynamoProxy(dynamodbEndpoint(), () => {
    if (!isThrottled) return 'pass'
    isThrottled = false
    return { error: 'ThrottlingException' }
  })
  const env = {
    DATABASE_URL: database.databaseUrl,
    SERVICE_DATABASE_URL: database.serviceDatabaseUrl,
    DYNAMODB_ENDPOINT: proxy.endpoint,
    DYNAMODB_TABLE_PREFIX: tablePrefix(),
    DB_SERVICE_MAX_CONNECTIONS: '1',
    DB_OUTBOX_MAX_DEPTH: '1',
    DATABASE_REPLICA_URLS: database.databaseUrl, // no replica, but a primary: it is not read from
  }
  const drill = `INSERT INTO backup_drills (backup_id, cut, equal, differences, loss_ms, duration_ms)
                 VALUES ('a', now(), true, '{}', 1, 1)`
  await sql(database.directDatabaseUrl, drill)
  await using db = await DatabaseContext.fromEnv({ env })
  await db.dynamodb.tables.apply()
  using telemetry = observe(db)
  const service = db.asService()
  for (let time = 0; time < 2; time += 1) await service.pg.user.findMany()
  await service.query('SELECT 1 FROM nowhere').catch(() => {})
  // Its connection is the only one: who is refused while others wait for it is not tried again.
  const conflict = `DO $$ BEGIN PERFORM pg_sleep(0.02); RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$`
  const inVain = () => service.transaction((_, { query }) => query(conflict), { deadlineMs: 1000 }).catch(() => {})
  while (!(await telemetry.prometheus()).includes('miyabi_retries_given_up_total{')) {
    await Promise.all(Array.from({ length: 8 }, inVain))
  }
  isThrottled = true
  await db.dynamodb.events.append({ eventType: 'webhook', userId: 'u', data: {} })
  const state = { agentId: 'a', status: 'pending', expectedVersion: 0 } as const
  for (let time = 0; time < 2; time += 1) await db.dynamodb.agentState.save(state).catch(() => {})
  await db.dynamodb.events.byUser('u')
  await db.as({ userId: randomUUID() }).replica.query('SELECT 1')
  const tooLarge = () => Promise.resolve('x'.repeat(2 ** 21))
  await service.cache.getOrSet(['k'], { tags: [], ttlMs: 1000 }, tooLarge)
  db.relay()
  db.streams.consume('usage', { from: 'events', handle: async () => {} })
  await service.query("INSERT INTO outbox (id, topic, payload) VALUES (gen_random_uuid(), 'unheard.of', '{}')")
  await until(async () => (await telemetry.prometheus()).includes('miyabi_outbox_unknown{'))
  const emitted = () => service.transaction(async (_, { outbox }) => void outbox.events.append({ eventType: 'x' }))
  await until(async () => {
    await emitted().catch(() => {}) // refused as soon as the row that nobody knows is counted
    return /^miyabi_outbox_refused_total [1-9]/m.test(await telemetry.prometheus())
  })
  const alive = await telemetry.prometheus()
  await db.close()
  const ended = await untilProblem(telemetry)
  return [...new Set([...alive.split('\n'), ...ended.split('\n')])].flatMap((line) => {
    const [, name, labels = ''] = /^([a-z_:]+)(?:\{(.*)\})? /.exec(line) ?? []
    if (name === undefined) return []
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, value]) => [key, value])
    return [{ name, labels: { job: 'app', instance: 'a:9464', ...Object.fromEntries(pairs) } }]
  })
}

/** What is told of health is half a second old at most. */
async function untilProblem(telemetry: { prometheus(): Promise<string> }): Promise<string> {
  for (;;) {
    const text = await telemetry.prometheus()
    if (text.includes('miyabi_problem{')) return text
  }
}

const expressions = [
  ...readRules().map(({ record, alert, expr }) => ({ name: record ?? alert ?? '', expr })),
  ...boardExpressions(),
]
/** What rules record, they may ask for. */
const recorded = new Map(readRules().flatMap(({ record, expr }) => (record === undefined ? [] : [[record, expr]])))

it.each(expressions)('what $name asks for is in a real scrape: $expr', ({ expr }) => {
  const names = new Set(series.map(({ name }) => name))
  const known = new Set(series.flatMap(({ labels }) => Object.keys(labels)))
  for (const { name, matchers } of selectorsIn(expr)) {
    if (recorded.has(name)) continue
    expect(names, `no series is called ${name}`).toContain(name)
    const own = new Set(series.filter((one) => one.name === name).flatMap(({ labels }) => Object.keys(labels)))
    for (const { label } of matchers) expect(own, `${name} has no label ${label}`).toContain(label)
  }
  for (const label of labelsIn(expr)) expect(known, `no series has the label ${label}`).toContain(label)
})

it('asks on the board for every metric that there is', () => {
  const asked = boardExpressions().flatMap(({ expr }) => selectorsIn(expr).map(({ name }) => name))
  const missing = metricDefinitions.map(prometheusName).filter((name) => !asked.some((one) => one.startsWith(name)))
  expect(missing).toEqual([])
})
