import {
  type DynamoFault,
  type DynamoRequest,
  dynamodbEndpoint,
  startDynamoProxy,
  startKillableServer,
  tablePrefix,
} from '@miyabi/testing'
import { describe, expect, it } from 'vitest'
import { createDynamo, type Dynamo } from '../src/dynamo.js'
import type { DynamoError } from '../src/errors/errors.js'
import { UnprocessedEventsError } from '../src/errors/errors.js'
import { testSettings, withoutStream } from './support.js'

const isLong = Boolean(process.env['MIYABI_TEST_LONG'])
const WORKERS = isLong ? 16 : 8
const ROUNDS = isLong ? 15 : 4
const BATCH = 30
const KILLS = isLong ? 10 : 2

const DEADLINE_MS = 3000
/** What may come on top where the machine is at other work; the whole counts have it for themselves. */
const LATE_MS = isLong ? 3000 : 60_000
/** Within so long of the engine's return every caller gets through again. */
const RECOVERY_MS = isLong ? 5000 : 60_000

const throttled = (error: string, reason: string): DynamoFault => ({
  error,
  members: { ThrottlingReasons: [{ reason, resource: 'arn:aws:dynamodb:::table/T' }] },
})

/** Every way in which a request goes wrong, a third of them throttled, a third failed, a third stalled. */
const faults: readonly DynamoFault[] = [
  throttled('ProvisionedThroughputExceededException', 'TableWriteKeyRangeThroughputExceeded'),
  throttled('ThrottlingException', 'IndexWriteProvisionedThroughputExceeded'),
  throttled('RequestLimitExceeded', 'AccountLimitExceeded'),
  { error: 'InternalServerError', status: 500 },
  { error: 'ServiceUnavailable', status: 503 },
  'reset',
  'lose-answer',
  'hang',
  'stall-body',
  'trickle',
]

/** Numbers from 0 to 1 that look random and are the same in each run. */
function sequence(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return state / 2 ** 32
  }
}

/** Three of ten requests go wrong; of the other batches a third is done in part. */
function misfortune(random: () => number): (request: DynamoRequest) => DynamoFault {
  return ({ operation }) => {
    if (random() < 0.3) return faults[Math.floor(random() * faults.length)] ?? 'pass'
    return operation === 'BatchWriteItem' && random() < 0.3 ? { unprocessed: 5 } : 'pass'
  }
}

/** What the calls of a test told their callers. */
class Account {
  /** Events that were acknowledged, and those whose call said that nothing was written. */
  readonly stored = new Set<string>()
  readonly absent = new Set<string>()
  readonly failures = new Map<string, number>()
  readonly states = new Map<string, number>()
  readonly messages = new Set<string>()
  slowestMs = 0
  calls = 0

  async call<T>(work: Promise<T>): Promise<T | DynamoError> {
    const startedAtMs = performance.now()
    try {
      return await work
    } catch (error) {
      const { code = String(error) } = error as { code?: string }
      this.failures.set(code, (this.failures.get(code) ?? 0) + 1)
      return error as DynamoError
    } finally {
      this.calls += 1
      this.slowestMs = Math.max(this.slowestMs, performance.now() - startedAtMs)
    }
  }
}

async function work(dynamo: Dynamo, worker: number, account: Account): Promise<void> {
  const userId = `u${worker}`
  const agentId = `a${worker}`
  let version = 0
  for (let round = 0; round < ROUNDS; round++) {
    const name = (n: number | string): string => `${worker}.${round}.${n}`
    const single = await account.call(dynamo.events.append({ eventType: 'single', userId, data: { name: name('s') } }))
    if (!(single instanceof Error)) account.stored.add(name('s'))
    else if (single.effect === 'none') account.absent.add(name('s'))

    const given = Array.from({ length: BATCH }, (_, n) => ({ eventType: 'batch', userId, data: { name: name(n) } }))
    const batch = await account.call(dynamo.events.appendMany(given))
    const open = batch instanceof UnprocessedEventsError ? batch.details.unprocessed : []
    if (!(batch instanceof Error) || batch instanceof UnprocessedEventsError) {
      const unknown = new Map(open.map(({ index, effect }) => [index, effect]))
      for (const [n] of given.entries()) {
        if (!unknown.has(n)) account.stored.add(name(n))
        else if (unknown.get(n) === 'none') account.absent.add(name(n))
      }
    }

    const message = await account.call(
      dynamo.messages.enqueue({ recipient: userId, messageType: 'ping', payload: { name: name('m') } }),
    )
    if (!(message instanceof Error)) account.messages.add(message.messageId)

    const before = version
    const save = { agentId, status: 'running', progress: round % 100, expectedVersion: before } as const
    const state = await account.call(dynamo.agentState.save(save))
    // Not known: what is there decides, as the caller of a real agent would.
    if (state instanceof Error) version = (await patiently(() => dynamo.agentState.current(agentId)))?.version ?? 0
    else version = state.version
    if (!(state instanceof Error)) account.states.set(agentId, state.version)
  }
}

async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch {
      // until the faults let it through
    }
  }
}

/** The ids of what a recipient has not got. */
async function messagesOf(dynamo: Dynamo, recipient: string): Promise<string[]> {
  return (await dynamo.messages.undelivered(recipient, { limit: 1000 })).items.map(({ messageId }) => messageId)
}

async function namesOf(dynamo: Dynamo, userId: string): Promise<string[]> {
  const names: string[] = []
  let cursor: string | undefined
  do {
    const page = await dynamo.events.byUser(userId, { limit: 1000, ...(cursor === undefined ? {} : { cursor }) })
    names.push(...page.items.map(({ data }) => String(data['name'])))
    cursor = page.cursor
  } while (cursor !== undefined)
  return names
}

describe('with 30% of the answers throttled, failed or stalled', () => {
  it('loses nothing that was acknowledged, ends each call in time, and accounts for every item', {
    timeout: isLong ? 600_000 : 180_000,
  }, async () => {
    const settings = testSettings({ tablePrefix: tablePrefix(), timeoutMs: 20_000, attemptTimeoutMs: 10_000 })
    await using direct = createDynamo(settings)
    await direct.tables.apply()
    await withoutStream(direct)
    await using proxy = await startDynamoProxy(dynamodbEndpoint(), misfortune(sequence(7)))
    const hasty = { timeoutMs: DEADLINE_MS, attemptTimeoutMs: 400, initialBackoffMs: 10, maxBackoffMs: 100 }
    await using dynamo = createDynamo({ ...settings, ...hasty, endpoint: proxy.endpoint })
    const account = new Account()
    await Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(dynamo, worker, account)))

    const users = Array.from({ length: WORKERS }, (_, n) => `u${n}`)
    const found = (await Promise.all(users.map((user) => namesOf(direct, user)))).flat()
    const there = new Set(found)
    expect([...account.stored].filter((name) => !there.has(name))).toEqual([])
    expect([...account.absent].filter((name) => there.has(name))).toEqual([])
    // An event is stored once, however often it was sent.
    expect(found).toHaveLength(there.size)
    for (const [agentId, version] of account.states) {
      expect((await direct.agentState.current(agentId))?.version).toBeGreaterThanOrEqual(version)
    }
    const queued = new Set((await Promise.all(users.map((user) => messagesOf(direct, user)))).flat())
    expect([...account.messages].filter((id) => !queued.has(id))).toEqual([])
    expect(account.slowestMs).toBeLessThan(DEADLINE_MS + LATE_MS)
    // It was a test: things went wrong, and most went well.
    expect(account.calls).toBe(WORKERS * ROUNDS * 4)
    expect(account.stored.size).toBeGreaterThan((WORKERS * ROUNDS * BATCH) / 4)
    expect(dynamo.stats().sockets).toMatchObject({ waiting: 0 })
  })
})

describe('an engine that is killed under load', () => {
  it('comes back, and all calls with it, at once; nothing that was acknowledged is lost', {
    timeout: isLong ? 600_000 : 180_000,
  }, async () => {
    await using engine = await startKillableServer()
    await using dynamo = createDynamo(testSettings({ endpoint: engine.dynamodbEndpoint, timeoutMs: DEADLINE_MS }))
    await dynamo.tables.apply()
    await withoutStream(dynamo)
    const eventWriter = dynamo.events.writer()
    const stored = new Set<string>()
    /** When each worker stored last. */
    const lastAtMs: number[] = []
    let isOver = false
    const worker = async (number: number): Promise<void> => {
      for (let n = 0; !isOver; n++) {
        const event = { eventType: 'kill', userId: `u${number}`, data: { name: `${number}.${n}` } }
        try {
          if (n % 3 === 0) await dynamo.events.append(event)
          else if (n % 3 === 1) await dynamo.events.appendMany([event, event])
          else await eventWriter.append(event)
          stored.add(`${number}.${n}`)
          lastAtMs[number] = performance.now()
        } catch (error) {
          expect(error).toMatchObject({ retryable: true })
        }
      }
    }
    const workers = Array.from({ length: WORKERS }, (_, number) => worker(number))
    /** All of them have stored something since then. */
    const allStored = (sinceMs: number, timeout: number) =>
      expect
        .poll(() => workers.filter((_, number) => (lastAtMs[number] ?? 0) < sinceMs).length, { timeout, interval: 20 })
        .toBe(0)
    try {
      for (let kill = 0; kill < KILLS; kill++) {
        await allStored(performance.now(), 60_000)
        engine.killDynamodb()
        await engine.dynamodbReturned()
        await allStored(performance.now(), RECOVERY_MS)
      }
    } finally {
      isOver = true
      await Promise.all(workers)
    }

    const users = Array.from({ length: WORKERS }, (_, n) => `u${n}`)
    const there = new Set((await Promise.all(users.map((user) => namesOf(dynamo, user)))).flat())
    expect([...stored].filter((name) => !there.has(name))).toEqual([])
    expect(stored.size).toBeGreaterThan(2 * WORKERS * KILLS)
    expect(dynamo.stats().sockets).toMatchObject({ waiting: 0 })
  })
})
