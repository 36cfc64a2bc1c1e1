import {
  Budget,
  type DynamoAnswer,
  type DynamoFault,
  type DynamoProxy,
  startDynamoProxy,
  type TestDatabase,
} from '@miyabi/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { DatabaseContext } from '../../src/index.js'
import { observe } from '../../src/telemetry/index.js'
import { testEnvironment } from '../environment.js'
import { readSamples, sumOf } from './scrape.js'

let database: TestDatabase
let env: Record<string, string>
/** Sees what the engine answers. */
let engine: DynamoProxy
/** Makes the faults, in front of it. */
let network: DynamoProxy
/** Units that the engine said it took. */
let saidUnits = 0
let decide = (): DynamoFault => 'pass'
beforeAll(async () => {
  ;({ database, env } = await testEnvironment())
  engine = await startDynamoProxy(env['DYNAMODB_ENDPOINT'] ?? '', () => ({ edit: countUnits }))
  network = await startDynamoProxy(engine.endpoint, () => decide())
})
afterAll(async () => {
  await network?.close()
  await engine?.close()
  await database?.drop()
})

function countUnits(answer: DynamoAnswer): object {
  const { ConsumedCapacity: consumed = [] } = answer as { ConsumedCapacity?: Units | readonly Units[] }
  for (const { CapacityUnits } of [consumed].flat() as readonly Units[]) saidUnits += CapacityUnits
  return answer
}
interface Units {
  readonly CapacityUnits: number
}

/** What the work does not see to its end: its retries are spent, or somebody else was first. */
const mayFail = (work: Promise<unknown>): Promise<unknown> => work.catch(() => {})

const CALLS = { name: 'capacity counted', short: 25, longSeconds: 60 }

it('counts the units that the engine says it took, with refusals, retries, batches and pages', {
  timeout: new Budget(CALLS).timeoutMs,
}, async () => {
  using budget = new Budget(CALLS)
  const faults: readonly DynamoFault[] = [
    { error: 'ProvisionedThroughputExceededException' },
    { error: 'ThrottlingException' },
    { error: 'InternalServerError', status: 500 },
    'reset',
    { unprocessed: 3 },
  ]
  // Nothing is given up on a slow machine: what the engine then answers, nobody hears.
  const patient = { DYNAMODB_TIMEOUT: '120', DYNAMODB_ATTEMPT_TIMEOUT_MS: '60000' }
  await using db = await DatabaseContext.fromEnv({ env: { ...env, ...patient, DYNAMODB_ENDPOINT: network.endpoint } })
  using telemetry = observe(db)
  /** What refused writes cost, which the engine tells nobody. */
  let refusedUnits = 0
  let throttled = 0
  db.observe({
    attempt: ({ error, capacity }) => {
      if (error !== undefined) for (const { writeUnits } of capacity) refusedUnits += writeUnits
      if (/ThroughputExceeded|Throttling/.test(error ?? '')) throttled += 1
    },
  })
  const { events, agentState, messages } = db.dynamodb
  const user = (): string => `user-${Math.floor(budget.random() * 3)}`
  const event = (): { eventType: string; userId: string; data: object } => ({
    eventType: 'webhook',
    userId: user(),
    data: { text: 'x'.repeat(budget.random() * 4000) },
  })
  const agent = (): string => `agent-${Math.floor(budget.random() * 3)}`
  const work: readonly (() => Promise<unknown>)[] = [
    () => events.append(event()),
    () => events.appendMany(Array.from({ length: 30 }, event)),
    () => events.byUser(user(), { limit: 5 }),
    () => events.byType('webhook', { limit: 50 }),
    () => events.append({ ...event(), idempotencyKey: 'the same', occurredAt: new Date(1_790_000_000_000) }),
    () => agentState.save({ agentId: agent(), status: 'pending', expectedVersion: 0 }),
    () => agentState.current(agent()),
    () => agentState.history(agent()),
    () => messages.undelivered('queue'),
  ]
  decide = () => (budget.random() < 0.3 ? (faults[Math.floor(budget.random() * faults.length)] ?? 'pass') : 'pass')
  while (budget.next()) {
    const several = Array.from({ length: 3 }, () => work[Math.floor(budget.random() * work.length)])
    await Promise.all(several.map((one) => one && mayFail(one())))
  }
  decide = () => 'pass'

  const said = saidUnits
  const text = await telemetry.prometheus()
  expect(unitsIn(text) - refusedUnits).toBeCloseTo(said, 6)
  expect([refusedUnits > 0, throttled > 0, said > 100]).toEqual([true, true, true])
  const samples = readSamples(text)
  expect(sumOf(samples, 'miyabi_dynamodb_throttled_total')).toBe(throttled)
  expect(sumOf(samples, 'miyabi_retries_total', { db_system_name: 'aws.dynamodb' })).toBeGreaterThan(0)
  expect(sumOf(samples, 'miyabi_dynamodb_failed_conditions_total')).toBeGreaterThan(0)
})

const unitsIn = (text: string): number => sumOf(readSamples(text), 'aws_dynamodb_consumed_capacity_total')
