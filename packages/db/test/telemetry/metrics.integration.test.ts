import { type TestDatabase, until } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DatabaseContext, sharedDatabase } from '../../src/index.js'
import { metricDefinitions, observe, prometheusName, serveMetrics, type Telemetry } from '../../src/telemetry/index.js'
import { testEnvironment } from '../environment.js'
import { readSamples, type Sample, sumOf } from './scrape.js'

let database: TestDatabase
let env: Record<string, string>
let userId: string
beforeAll(async () => {
  ;({ database, env } = await testEnvironment())
  await using db = await DatabaseContext.fromEnv({ env })
  ;({ id: userId } = await db.asService().pg.user.create({ data: { email: 'ada@example.com' } }))
})
afterAll(() => database.drop())

const POOLS = ['main', 'service']

/** Some of everything. */
async function work(db: DatabaseContext): Promise<void> {
  const ada = db.as({ userId })
  const service = db.asService()
  for (let time = 0; time < 3; time += 1) await ada.pg.user.findMany()
  await service.pg.log.createMany({ data: [1, 2, 3].map((n) => ({ level: 'info', message: `${n}` })) })
  await service.transaction((tx) => tx.log.count())
  await service.transaction(() => Promise.reject(new Error('no'))).catch(() => {})
  await service.query('SELECT 1 FROM nowhere').catch(() => {})
  await db.dynamodb.events.append({ eventType: 'webhook', userId: 'octocat', data: {} })
  await using writer = db.dynamodb.events.writer()
  await Promise.all([1, 2, 3].map((n) => writer.append({ eventType: 'webhook', userId: 'octocat', data: { n } })))
  await db.dynamodb.events.byUser('octocat')
}

/** The first scrape that is as it should be: one leaves out what a store did not tell it within a second. */
async function scrape(telemetry: Telemetry, isExpected: (text: string) => boolean): Promise<string> {
  let text = ''
  await until(async () => {
    text = await telemetry.prometheus()
    return isExpected(text)
  })
  return text
}

const isReady = (text: string): boolean => sumOf(readSamples(text), 'miyabi_ready') === 2

/** What the tests ask for; a scrape itself asks for the last drill of a backup. */
const ofUsers = { db_collection_name: 'users' }

describe('the metrics of a database', () => {
  it('are all there after some work, with what was done in them', async () => {
    await using db = await DatabaseContext.fromEnv({ env: { ...env, DB_ACQUIRE_TIMEOUT: '2' } })
    using telemetry = observe(db)
    await work(db)
    const text = await scrape(telemetry, isReady)
    const samples = readSamples(text)

    const typed = new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => name))
    const quiet = new Set([
      'miyabi.retries',
      'miyabi.retries.given_up',
      'miyabi.dynamodb.failed_conditions',
      'miyabi.problem',
    ])
    // Neither a relay nor a consumer runs, nothing is cached, there is no replica, and no backup was tried.
    const expected = metricDefinitions.filter(
      ({ name }) => !quiet.has(name) && !/^miyabi\.(backup|cache|outbox|replica|stream)\./.test(name),
    )
    expect([...typed].sort()).toEqual(expected.map(prometheusName).sort())

    const { hostname, port, pathname } = new URL(env['DATABASE_URL'] ?? '')
    const where = { server_address: hostname, server_port: port, db_namespace: pathname.slice(1) }
    const statements = (labels: Readonly<Record<string, string>>): number =>
      sumOf(samples, 'db_client_operation_duration_seconds_count', {
        db_system_name: 'postgresql',
        ...where,
        ...labels,
      })
    expect(statements({ db_operation_name: 'SELECT', db_collection_name: 'users' })).toBe(3)
    expect(statements({ db_operation_name: 'INSERT', db_collection_name: 'logs' })).toBe(1)
    expect(statements({ error_type: 'postgres.invalid_sql', db_response_status_code: '42P01' })).toBe(1)
    expect(sumOf(samples, 'db_client_response_returned_rows_sum', { db_collection_name: 'users' })).toBe(3)
    const transactions = (outcome: string): number =>
      sumOf(samples, 'miyabi_transaction_duration_seconds_count', { miyabi_outcome: outcome })
    expect(['committed', 'rolled_back', 'failed', 'unknown'].map(transactions)).toEqual([1, 1, 0, 0])
    expect(sumOf(samples, 'miyabi_dynamodb_call_duration_seconds_count', { db_operation_name: 'events.append' })).toBe(
      1,
    )
    expect(statements({})).toBe(sumOf(samples, 'miyabi_statements_total'))
    expect(sumOf(samples, 'miyabi_statements_total', { miyabi_path: 'bulk' })).toBeGreaterThan(0)
    expect(sumOf(samples, 'miyabi_compiled_reads_total')).toBeGreaterThanOrEqual(3)
    expect(sumOf(samples, 'aws_dynamodb_consumed_capacity_total', { miyabi_capacity: 'write' })).toBeGreaterThanOrEqual(
      4,
    )
    expect(sumOf(samples, 'miyabi_event_writer_pending')).toBe(0)
  })

  it('tell of both pools, and of the connections to DynamoDB', async () => {
    await using db = await DatabaseContext.fromEnv({ env })
    using telemetry = observe(db)
    await work(db)
    const samples = readSamples(await telemetry.prometheus())
    for (const pool of POOLS) {
      const of = (name: string): number => sumOf(samples, name, { db_client_connection_pool_name: pool })
      const { acquires } = db.stats()[pool === 'main' ? 'postgres' : 'service']?.usage ?? {}
      expect(of('db_client_connection_wait_time_seconds_count')).toBe(acquires)
      expect(of('db_client_connection_use_time_seconds_count')).toBe(acquires)
      expect(of('db_client_connection_create_time_seconds_count')).toBeGreaterThan(0)
      expect(of('db_client_connection_limit')).toBe(pool === 'main' ? 4 : db.stats().service?.max)
      expect(of('db_client_connection_idle_max')).toBe(of('db_client_connection_limit'))
    }
    expect(sumOf(samples, 'db_client_connection_idle_min', { db_client_connection_pool_name: 'main' })).toBe(1)
    const sockets = samples.filter(({ labels }) => labels['db_client_connection_pool_name'] === 'dynamodb')
    expect(sockets.map(({ name }) => name)).toEqual([
      'db_client_connection_count',
      'db_client_connection_limit',
      'db_client_connection_pending_requests',
    ])
  })

  it('tell waits up to the acquire timeout from those that were longer, and callers that gave up', async () => {
    await using db = await DatabaseContext.fromEnv({
      env: { ...env, DB_MAX_CONNECTIONS: '1', DB_ACQUIRE_TIMEOUT: '0.2' },
    })
    using telemetry = observe(db)
    const before = readSamples(await telemetry.prometheus())
    const main = { db_client_connection_pool_name: 'main' }
    expect(before).toContainEqual({ name: 'db_client_connection_timeouts_total', labels: main, value: 0 })
    await until(async () => db.stats().postgres.idle === 1) // to open it may take longer than a caller waits
    await db.as({ userId }).transaction(async () => {
      const refused = db.as({ userId }).query('SELECT 1')
      await expect(refused).rejects.toMatchObject({ code: 'postgres.pool.acquire_timeout' })
    })
    const samples = readSamples(await telemetry.prometheus())
    expect(sumOf(samples, 'db_client_connection_timeouts_total', main)).toBe(1)
    const bounds = samples.filter(
      ({ name, labels }) =>
        name === 'db_client_connection_wait_time_seconds_bucket' &&
        labels['db_client_connection_pool_name'] === main.db_client_connection_pool_name,
    )
    expect(bounds.map(({ labels }) => labels['le'])).toEqual([
      '0.001',
      '0.005',
      '0.01',
      '0.05',
      '0.1',
      '0.2',
      '0.5',
      '1',
      '5',
      '10',
      '+Inf',
    ])
  })

  it('say what is wrong, for as long as it is', async () => {
    await using db = await DatabaseContext.fromEnv({
      env: { ...env, DATABASE_URL: env['DATABASE_URL']?.replace(/:\d+\//, ':1/') ?? '' },
    })
    using telemetry = observe(db)
    const problems = (samples: readonly Sample[]) => samples.filter(({ name }) => name === 'miyabi_problem')
    const dynamo = { db_system_name: 'aws.dynamodb' }
    const samples = readSamples(
      await scrape(telemetry, (text) => sumOf(readSamples(text), 'miyabi_ready', dynamo) === 1),
    )
    expect(sumOf(samples, 'miyabi_ready', { db_system_name: 'postgresql' })).toBe(0)
    expect(problems(samples)).toEqual([
      {
        name: 'miyabi_problem',
        labels: { db_system_name: 'postgresql', error_type: 'postgres.unreachable' },
        value: 1,
      },
    ])
    await db.close()
    await expect.poll(async () => problems(readSamples(await telemetry.prometheus()))).toHaveLength(2)
  })

  it('end with the observation, and stay readable', async () => {
    await using db = await DatabaseContext.fromEnv({ env })
    const telemetry = observe(db)
    const asked = async (): Promise<number> =>
      sumOf(readSamples(await telemetry.prometheus()), 'db_client_operation_duration_seconds_count', ofUsers)
    await db.as({ userId }).pg.user.count()
    expect(await asked()).toBe(1)
    telemetry[Symbol.dispose]()
    await db.as({ userId }).pg.user.count()
    expect(await asked()).toBe(1)
  })

  it('are those of a shared database too, and served from its first use to its end', async () => {
    const db = sharedDatabase({ env })
    await using server = await serveMetrics(db, { port: 0 })
    const get = async (path: string): Promise<string> => (await fetch(server.url + path)).text()
    await db.as({ userId }).pg.user.count()
    expect(sumOf(readSamples(await get('/metrics')), 'db_client_operation_duration_seconds_count', ofUsers)).toBe(1)
    expect([await get('/readyz'), await get('/livez')]).toEqual(['ok', 'ok'])
    await db.close()
    await expect.poll(() => get('/readyz')).toBe('no')
    expect(await get('/livez')).toBe('no')
    expect(sumOf(readSamples(await get('/metrics')), 'db_client_operation_duration_seconds_count', ofUsers)).toBe(1)
  })
})

describe('metrics', () => {
  /** What a person, a program or a server may hold, in every place that a caller can put it. */
  const SECRETS = ['grace@example.com', 'hunter2', 'sk_live_51H8', '4111 1111 1111 1111', '東京都千代田区', "O'Reilly"]

  it('hold no value, no person, no SQL and no password', async () => {
    await using db = await DatabaseContext.fromEnv({ env })
    using telemetry = observe(db)
    const service = db.asService()
    const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`
    for (const secret of SECRETS) {
      const name = `"${secret}"`
      for (const text of [
        `SELECT ${quoted(secret)}`,
        `SELECT ${quoted(secret)}::uuid`,
        `SELECT * FROM ${name}`,
        `UPDATE ${name} SET a = ${quoted(secret)}`,
        `/* ${secret} */ SELECT 1`,
        `DO $$ BEGIN RAISE EXCEPTION ${quoted(secret)} USING ERRCODE = 'P0001'; END $$`,
        `${secret}`,
      ]) {
        await service.query(text).catch(() => {})
      }
      await service.query('SELECT $1::int', [secret]).catch(() => {})
      await service.pg.user.create({ data: { email: secret, name: secret } }).catch(() => {})
      await service.pg.user.create({ data: { email: secret } }).catch(() => {})
      await db.dynamodb.events.append({ eventType: 'webhook', userId: secret, data: { secret } })
      await db.dynamodb.events.byUser(secret)
      await db.dynamodb.agentState.current(secret)
    }
    await db.as({ userId }).pg.user.findMany({ where: { id: userId } })
    const { resourceMetrics } = await telemetry.metricProducer().collect()
    const { password } = new URL(env['DATABASE_URL'] ?? '')
    for (const text of [await telemetry.prometheus(), JSON.stringify(resourceMetrics)]) {
      expect(text).toContain('postgres.')
      for (const secret of [...SECRETS, userId, password]) expect(text).not.toContain(secret)
      expect(text).not.toMatch(/RAISE|::uuid|FROM \\?"/)
    }
  })
})
