import { setTimeout as sleep } from 'node:timers/promises'
import { PermanentEffectError } from '@miyabi/db'
import {
  createTestDatabase,
  type DynamoFault,
  dynamodbEndpoint,
  sql,
  startDynamoProxy,
  startTcpProxy,
  type TcpProxy,
  type TestDatabase,
  tablePrefix,
  until,
} from '@miyabi/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Application, startApplication } from './application.js'
import { type Prometheus, startPrometheus } from './prometheus.js'

let prometheus: Prometheus
beforeAll(async () => {
  prometheus = await startPrometheus()
})
afterAll(() => prometheus?.[Symbol.asyncDispose]())

/** Where a fault can be made. */
interface Place {
  readonly app: Application
  readonly database: TestDatabase
  /** In front of PostgreSQL. */
  readonly network: TcpProxy
  /** In front of DynamoDB. */
  readonly slowDynamo: TcpProxy
  /** What DynamoDB does with requests, health checks excepted. */
  readonly dynamo: { fault: DynamoFault }
  /** Aborts at the end of the scenario. */
  readonly signal: AbortSignal
}

interface Scenario {
  readonly name: string
  readonly env?: Readonly<Record<string, string>>
  /** The alerts that have to fire, and no others may. */
  readonly alerts: readonly string[]
  /** Makes the fault, and goes on with it until the signal aborts where it has to. */
  readonly fault: (place: Place) => Promise<unknown>
}

/** Goes on with something until the scenario ends. */
async function again(signal: AbortSignal, work: () => Promise<unknown>): Promise<void> {
  while (!signal.aborted) await Promise.all([work().catch(() => {}), sleep(10)])
}

const scenarios: readonly Scenario[] = [
  { name: 'nothing', alerts: [], fault: async () => {} },
  {
    name: 'all connections in use by others',
    env: { DB_MAX_CONNECTIONS: '2', DB_ACQUIRE_TIMEOUT: '1' },
    alerts: ['MiyabiAcquireTimeouts', 'MiyabiPoolStarved'],
    fault: async ({ app: { db, userId }, signal }) => {
      for (let n = 0; n < 8; n += 1) void again(signal, () => db.as({ userId }).query('SELECT pg_sleep(3)'))
    },
  },
  {
    name: 'a table that is locked again and again',
    alerts: ['MiyabiPostgresSlow'],
    fault: async ({ database, signal }) => {
      void again(signal, () =>
        sql(database.directDatabaseUrl, 'BEGIN; LOCK TABLE users, logs; SELECT pg_sleep(0.8); COMMIT'),
      )
    },
  },
  {
    name: 'a server that is gone',
    alerts: ['MiyabiPostgresDown'],
    fault: async ({ network }) => {
      await network.refuse()
      network.resetAll()
    },
  },
  {
    name: 'a server that takes no writes',
    alerts: ['MiyabiPostgresReadOnly'],
    fault: ({ database }) =>
      sql(database.directDatabaseUrl, `ALTER DATABASE "${database.name}" SET default_transaction_read_only = on`),
  },
  {
    name: 'a database that lacks a migration',
    alerts: ['MiyabiMigrationsMissing'],
    fault: ({ database }) =>
      sql(
        database.directDatabaseUrl,
        'DELETE FROM _prisma_migrations WHERE migration_name = (SELECT max(migration_name) FROM _prisma_migrations)',
      ),
  },
  {
    name: 'a connection that is lost under a COMMIT',
    alerts: ['MiyabiCommitUnknown'],
    fault: async ({ app: { db }, network }) => {
      network.cutAt('COMMIT', 'after')
      const work = db.asService().transaction((tx) => tx.log.create({ data: { level: 'info', message: 'lost' } }))
      await expect(work).rejects.toMatchObject({ code: 'postgres.commit_unknown' })
    },
  },
  {
    name: 'a connection that nobody gives back',
    env: { DB_LEAK_THRESHOLD: '1' },
    alerts: ['MiyabiConnectionHeld'],
    fault: async ({ app: { db }, signal }) => {
      const held = db.asService().transaction(
        async (tx) => {
          await tx.user.count()
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
        },
        { deadlineMs: 600_000 },
      )
      void held.catch(() => {})
    },
  },
  {
    name: 'a DynamoDB that throttles a part of the requests',
    alerts: ['MiyabiDynamoThrottled'],
    fault: async ({ dynamo }) => {
      dynamo.fault = { error: 'ThrottlingException' }
    },
  },
  {
    name: 'a DynamoDB that is slow',
    env: { DYNAMODB_ATTEMPT_TIMEOUT_MS: '5000', DYNAMODB_TIMEOUT: '20' },
    alerts: ['MiyabiDynamoSlow'],
    fault: async ({ slowDynamo }) => slowDynamo.delay(300),
  },
  {
    name: 'a DynamoDB that is gone',
    alerts: ['MiyabiDynamoDown'],
    fault: async ({ slowDynamo }) => {
      await slowDynamo.refuse()
      slowDynamo.resetAll()
    },
  },
  {
    name: 'handlers of effects that hang',
    alerts: ['MiyabiOutboxBehind'],
    fault: async ({ app: { db }, signal }) => {
      const hang = () => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
      db.relay({ effects: { notify: { timeoutMs: 600_000, handle: hang } } })
      await emit(db, 'notify', "now() - interval '5 minutes'")
    },
  },
  {
    name: 'effects, and no relay',
    alerts: ['MiyabiOutboxUnattended'],
    fault: async ({ app: { db } }) => {
      await db.asService().transaction(async (_tx, { outbox }) => void outbox.emit('notify', {}))
    },
  },
  {
    name: 'an effect that cannot be carried out',
    alerts: ['MiyabiOutboxDead'],
    fault: async ({ app: { db, url } }) => {
      const refuse = () => Promise.reject(new PermanentEffectError('no such endpoint'))
      db.relay({ effects: { notify: { handle: refuse } } })
      await isSeen(url, 'miyabi_outbox_dead_total{')
      await emit(db, 'notify', 'now()')
    },
  },
  {
    name: 'an effect that no relay knows',
    alerts: ['MiyabiOutboxUnknown'],
    fault: async ({ app: { db } }) => {
      db.relay()
      await emit(db, 'notify', 'now()')
    },
  },
  {
    name: 'a stream that nobody has read for a day',
    alerts: ['MiyabiStreamGap'],
    fault: async ({ app: { db }, database }) => {
      const consume = () => db.streams.consume('states', { from: 'agentState', handle: async () => {} })
      const listed = () => sql(database.directDatabaseUrl, 'SELECT FROM stream_shards')
      const first = consume()
      await until(async () => (await listed()).length > 0)
      await first.close()
      await sql(database.directDatabaseUrl, "UPDATE stream_shards SET listed_at = now() - interval '25 hours'")
      consume()
    },
  },
  {
    name: 'records that cannot be handled',
    alerts: ['MiyabiStreamDead'],
    fault: async ({ app: { db, url } }) => {
      let isBroken = false
      const handle = async () => {
        if (isBroken) throw new TypeError('a bug')
      }
      db.streams.consume('broken', { from: 'events', handle })
      await isSeen(url, 'miyabi_stream_records_total{')
      isBroken = true
      await sleep(5000)
      isBroken = false
    },
  },
  {
    name: 'a consumer that is slower than its stream',
    alerts: ['MiyabiStreamBehind'],
    fault: async ({ app: { db } }) => {
      db.streams.consume('slow', { from: 'events', batch: 1, handle: () => sleep(1000) })
    },
  },
]

/** A counter that grows before Prometheus has seen it at zero has not grown for it: some scrapes after it is served. */
async function isSeen(url: string, series: string): Promise<void> {
  await until(async () => (await (await fetch(`${url}/metrics`)).text()).includes(series))
  await sleep(5000)
}

/** An effect of the service, due since a time in SQL. */
const emit = (db: Application['db'], topic: string, dueAt: string) =>
  db
    .asService()
    .query(`INSERT INTO outbox (id, topic, payload, due_at) VALUES (gen_random_uuid(), $1, '{}', ${dueAt})`, [topic])

it.each(scenarios)('$name: raises $alerts, and nothing else', async ({ name, env = {}, alerts, fault }) => {
  await using database = await createTestDatabase()
  const dynamo: { fault: DynamoFault } = { fault: 'pass' }
  const endpoint = new URL(dynamodbEndpoint())
  await using slowDynamo = await startTcpProxy(endpoint.host)
  await using proxy = await startDynamoProxy(`http://${slowDynamo.host}:${slowDynamo.port}`, ({ operation, number }) =>
    operation === 'BatchGetItem' || number % 3 !== 0 ? 'pass' : dynamo.fault,
  )
  await using network = await startTcpProxy(database.databaseUrl)
  await using app = await startApplication({
    DATABASE_URL: network.url(database.databaseUrl),
    SERVICE_DATABASE_URL: network.url(database.serviceDatabaseUrl),
    DYNAMODB_ENDPOINT: proxy.endpoint,
    DYNAMODB_TABLE_PREFIX: tablePrefix(),
    DB_MAX_CONNECTIONS: '8',
    ...env,
  })
  prometheus.scrape({ [name]: app.url })
  await prometheus.scraped(name)
  const ended = new AbortController()
  const seen = new Set<string>()
  try {
    await fault({ app, database, network, slowDynamo, dynamo, signal: ended.signal })
    // Until they fire, which the test's own limit ends; then as long as the longest rule takes to see what else does.
    const isComplete = (): boolean => alerts.every((alert) => seen.has(alert))
    for (let after = 0; after < 25; after += isComplete() ? 1 : 0) {
      for (const alert of await prometheus.firing(name)) seen.add(alert)
      await sleep(1000)
    }
  } finally {
    ended.abort()
  }
  expect([...seen].sort()).toEqual(alerts)
})

it('no application: raises MiyabiMetricsMissing', async () => {
  prometheus.scrape({})
  while (!(await prometheus.firing('')).includes('MiyabiMetricsMissing')) await sleep(500)
})
