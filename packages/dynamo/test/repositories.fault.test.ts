import { inspect } from 'node:util'
import {
  type DynamoFault,
  type DynamoProxy,
  type DynamoRequest,
  dynamodbEndpoint,
  startDynamoProxy,
} from '@miyabi/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Dynamo } from '../src/dynamo.js'
import { DynamoError, UnprocessedEventsError } from '../src/errors/errors.js'
import type { DynamoSettings } from '../src/settings/config.js'
import { rejection, sharedDynamo } from './support.js'

let decide: (request: DynamoRequest) => DynamoFault = () => 'pass'
let proxy: DynamoProxy
let open: Dynamo[] = []
/** Whose the events of a test are. */
let user = ''
let users = 0

beforeEach(async () => {
  user = `u${++users}`
  decide = () => 'pass'
  proxy = await startDynamoProxy(dynamodbEndpoint(), (request) => decide(request))
})
afterEach(async () => {
  for (const dynamo of open) await dynamo.close()
  open = []
  await proxy.close()
})

/** DynamoDB behind the proxy. */
async function behindProxy(settings: Partial<DynamoSettings> = {}): Promise<Dynamo> {
  const dynamo = await sharedDynamo({ endpoint: proxy.endpoint, initialBackoffMs: 5, maxBackoffMs: 50, ...settings })
  open.push(dynamo)
  return dynamo
}

async function timed(promise: Promise<unknown>): Promise<{ error: DynamoError; ms: number }> {
  const startedAtMs = performance.now()
  const error = (await rejection(promise)) as DynamoError
  return { error, ms: performance.now() - startedAtMs }
}

const events = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ eventType: 'batch', userId: user, data: { n } }))

describe('events.appendMany under faults', () => {
  it('drains what DynamoDB leaves unprocessed', async () => {
    const dynamo = await behindProxy()
    decide = ({ number }) => (number <= 6 ? { unprocessed: 10 } : 'pass')
    const { ids } = await dynamo.events.appendMany(events(60))
    const read = await dynamo.events.byUser(user, { limit: 100, order: 'asc' })
    expect(read.items.map(({ id }) => id)).toEqual(ids)
  })

  it('drains through failures that pass: throttled, server errors, lost answers', async () => {
    const dynamo = await behindProxy({ maxAttempts: 2, attemptTimeoutMs: 2000 })
    const faults: DynamoFault[] = [
      { error: 'ProvisionedThroughputExceededException' },
      { error: 'InternalServerError', status: 500 },
      'lose-answer',
      'reset',
    ]
    decide = ({ number }) => faults[number % 6] ?? 'pass'
    const { ids } = await dynamo.events.appendMany(events(100))
    decide = () => 'pass'
    const read = await dynamo.events.byUser(user, { limit: 200, order: 'asc' })
    expect(read.items.map(({ id }) => id)).toEqual(ids)
  })

  it('names every event that is not known to be stored when its time is over, and no other', async () => {
    const dynamo = await behindProxy({ timeoutMs: 6000 })
    decide = ({ number }) => (number > 2 ? { unprocessed: 25 } : 'pass')
    const given = events(100)
    const { error, ms } = await timed(dynamo.events.appendMany(given))
    expect(ms).toBeLessThan(20_000)
    expect(error).toBeInstanceOf(UnprocessedEventsError)
    const { details } = error as unknown as UnprocessedEventsError
    expect(details.stored).toBe(50)
    expect(details.unprocessed).toHaveLength(50)
    expect(error).toMatchObject({ code: 'dynamo.events.unprocessed', retryable: true, effect: 'unknown' })
    for (const event of details.unprocessed) expect(event).toMatchObject({ code: 'dynamo.deadline', retryable: true })

    decide = () => 'pass'
    const again = details.unprocessed.flatMap(({ index, id }) => {
      const event = given[index]
      return event ? [{ ...event, id }] : []
    })
    await dynamo.events.appendMany(again)
    const stored = (await dynamo.events.byUser(user, { limit: 200 })).items.map(({ data }) => data.n)
    expect(new Set(stored)).toEqual(new Set(given.map(({ data }) => data.n)))
    expect(stored).toHaveLength(100)
  })

  it('stores all but the events that DynamoDB refuses, and says of those why', async () => {
    const dynamo = await behindProxy()
    decide = ({ body }) => (body.includes('"poison"') ? { error: 'ValidationException' } : 'pass')
    const given = events(100).map((event, n) => (n % 40 === 7 ? { ...event, data: { n, poison: 'poison' } } : event))
    const error = (await rejection(dynamo.events.appendMany(given))) as UnprocessedEventsError
    expect(error).toBeInstanceOf(UnprocessedEventsError)
    expect(error.retryable).toBe(false)
    expect(error.details).toMatchObject({
      stored: 97,
      unprocessed: [7, 47, 87].map((index) => ({ index, code: 'dynamo.validation', retryable: false, effect: 'none' })),
    })
    expect(error.cause).toMatchObject({ code: 'dynamo.validation' })
    decide = () => 'pass'
    expect((await dynamo.events.byUser(user, { limit: 200 })).items).toHaveLength(97)
  })

  it('keeps its account when its caller ends it', async () => {
    const dynamo = await behindProxy()
    decide = ({ number }) => (number > 3 ? 'hang' : 'pass')
    const controller = new AbortController()
    const gone = new Error('the user went away')
    const appending = rejection(dynamo.events.appendMany(events(175), { signal: controller.signal }))
    // Four are on their way at a time, so the first three are answered.
    while (proxy.requests.length < 7) await new Promise((resolve) => setTimeout(resolve, 10))
    controller.abort(gone)
    const error = (await appending) as UnprocessedEventsError
    expect(error).toBeInstanceOf(UnprocessedEventsError)
    expect(error.cause).toBe(gone)
    expect(error.details.stored).toBe(75)
    expect(error.details.unprocessed).toHaveLength(100)
    expect(error.details.unprocessed[0]).toMatchObject({ code: 'aborted', retryable: true, effect: 'unknown' })
  })

  it('gives the reason itself when nothing could be stored and a repetition is in vain', async () => {
    const dynamo = await behindProxy()
    decide = () => ({ error: 'ResourceNotFoundException' })
    const error = await rejection(dynamo.events.appendMany(events(100)))
    expect(error).toMatchObject({ code: 'dynamo.table_missing', retryable: false, effect: 'none' })
    expect((error as Error).message).toContain('pnpm db:tables apply')
  })
})

describe('a call under faults', () => {
  it('keeps its deadline over all its requests', async () => {
    const dynamo = await behindProxy({ timeoutMs: 400, attemptTimeoutMs: 60_000 })
    decide = () => 'hang'
    const calls = [
      dynamo.events.byType('x', { from: new Date(0) }),
      dynamo.events.append({ eventType: 'x' }),
      dynamo.agentState.current('x'),
      dynamo.agentState.save({ agentId: 'x', status: 'pending', expectedVersion: 0 }),
      dynamo.messages.undelivered('x'),
      dynamo.messages.enqueue({ recipient: 'x', messageType: 'ping' }),
    ]
    const results = await Promise.all(calls.map(timed))
    for (const { error, ms } of results) {
      expect(error).toMatchObject({ code: 'dynamo.deadline', retryable: true })
      expect(ms).toBeLessThan(20_000)
    }
    expect(results.map(({ error }) => error.effect)).toEqual(['none', 'unknown', 'none', 'unknown', 'none', 'unknown'])
    expect(results[1]?.error.details).toMatchObject({ operation: 'events.append', attempts: 1 })
    expect(results[1]?.error.details.tables).toHaveLength(1)
  })

  it('says why it was throttled, after how many attempts', async () => {
    const dynamo = await behindProxy()
    const ThrottlingReasons = [
      { reason: 'TableWriteKeyRangeThroughputExceeded', resource: 'arn:aws:dynamodb:::table/T' },
    ]
    decide = () => ({ error: 'ProvisionedThroughputExceededException', members: { ThrottlingReasons } })
    const error = await rejection(dynamo.events.append({ eventType: 'x' }))
    expect(error).toBeInstanceOf(DynamoError)
    expect(error).toMatchObject({
      code: 'dynamo.throttled',
      retryable: true,
      effect: 'none',
      details: { attempts: 3, throttling: ThrottlingReasons, awsName: 'ProvisionedThroughputExceededException' },
    })
  })

  it('says what is known of a write whose answer was lost', async () => {
    const dynamo = await behindProxy({ maxAttempts: 1 })
    decide = () => 'lose-answer'
    const error = await rejection(dynamo.events.append({ eventType: 'x' }))
    expect(error).toMatchObject({ code: 'dynamo.unreachable', effect: 'unknown' })
    decide = () => 'reset'
    expect(await rejection(dynamo.events.byUser('x'))).toMatchObject({ code: 'dynamo.unreachable', effect: 'none' })
  })

  it('saves an agent once although the answer of the first attempt was lost', async () => {
    const dynamo = await behindProxy()
    decide = ({ number }) => (number === 1 ? 'lose-answer' : 'pass')
    const saved = await dynamo.agentState.save({ agentId: 'lost', status: 'pending', expectedVersion: 0 })
    expect(proxy.requests).toHaveLength(2)
    expect(await dynamo.agentState.current('lost')).toEqual(saved)
  })

  it('repeats a transaction that met another one, and gives up after its attempts', async () => {
    const dynamo = await behindProxy()
    const conflict: DynamoFault = {
      error: 'TransactionCanceledException',
      members: { CancellationReasons: [{ Code: 'TransactionConflict' }, { Code: 'None' }] },
    }
    decide = ({ number }) => (number <= 2 ? conflict : 'pass')
    await dynamo.agentState.save({ agentId: 'c', status: 'pending', expectedVersion: 0 })
    expect(proxy.requests).toHaveLength(3)
    decide = () => conflict
    proxy.forget()
    const error = await rejection(dynamo.agentState.save({ agentId: 'd', status: 'pending', expectedVersion: 0 }))
    expect(error).toMatchObject({ code: 'dynamo.transaction_conflict', retryable: true, effect: 'none' })
    expect(proxy.requests).toHaveLength(3)
    proxy.forget()
    decide = () => ({ error: 'ProvisionedThroughputExceededException' })
    await rejection(dynamo.agentState.save({ agentId: 'e', status: 'pending', expectedVersion: 0 }))
    expect(proxy.requests).toHaveLength(3)
  })

  it("ends when its caller's signal does, with the caller's own reason", async () => {
    const dynamo = await behindProxy()
    decide = () => 'hang'
    const controller = new AbortController()
    const reason = new Error('the user went away')
    setTimeout(() => controller.abort(reason), 50)
    const { signal } = controller
    const calls = [dynamo.events.byUser('x', { signal }), dynamo.messages.undelivered('x', { signal })]
    for (const call of calls) expect(await rejection(call)).toBe(reason)
  })

  it('prints no value of an item with an error', async () => {
    const dynamo = await behindProxy({ maxAttempts: 1 })
    decide = () => ({ error: 'InternalServerError', status: 500 })
    const error = await rejection(dynamo.events.append({ eventType: 'x', data: { token: 'hush-hush' } }))
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('hush-hush')
  })

  it('sends no update with an empty attribute name, which AWS refuses', async () => {
    const dynamo = await behindProxy()
    await dynamo.messages.enqueue({ recipient: 'x', messageType: 'ping' })
    const lease = await dynamo.messages.lease('x', { connectionId: 'c' })
    await lease.receive()
    await lease.release()
    const updates = proxy.requests.filter(({ operation }) => operation === 'UpdateItem')
    expect(updates).toHaveLength(4)
    for (const { body } of updates) {
      const { ExpressionAttributeNames } = JSON.parse(body) as { ExpressionAttributeNames: object }
      expect(Object.values(ExpressionAttributeNames)).not.toContain('')
    }
  })
})
