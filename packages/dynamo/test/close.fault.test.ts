import { GetItemCommand } from '@aws-sdk/client-dynamodb'
import { type DynamoFault, type DynamoProxy, dynamodbEndpoint, startDynamoProxy } from '@miyabi/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDynamo, type Dynamo } from '../src/dynamo.js'
import { type DynamoOnDemand, dynamoOnDemand } from '../src/on-demand.js'
import { rejection, testSettings, testTables } from './support.js'

let fault: DynamoFault
let proxy: DynamoProxy
let dynamo: Dynamo | DynamoOnDemand

beforeEach(async () => {
  fault = 'pass'
  proxy = await startDynamoProxy(dynamodbEndpoint(), () => fault)
})
afterEach(async () => {
  await dynamo.close(0)
  await proxy.close()
})

const message = { recipient: 'r', messageType: 'ping' } as const

describe.each([
  ['made at once', createDynamo],
  ['made on demand', dynamoOnDemand],
])('closing what is %s', (_how, make) => {
  beforeEach(async () => {
    const settings = { endpoint: proxy.endpoint, initialBackoffMs: 50, maxBackoffMs: 100 }
    dynamo = make({ ...(await testTables()), ...settings })
  })

  it('lets calls on their way end, each to its last request, before it closes the connections', async () => {
    const calls = [
      dynamo.events.append({ eventType: 'x' }),
      dynamo.events.appendMany(Array.from({ length: 60 }, () => ({ eventType: 'x' }))),
      dynamo.agentState.save({ agentId: 'a', status: 'running', expectedVersion: 0 }),
      dynamo.messages.enqueue(message),
      dynamo.events.byType('none', { order: 'asc' }),
    ]
    const ends = Promise.allSettled(calls)
    expect(await dynamo.close(60_000)).toEqual({ drained: true })
    const requests = proxy.requests.length
    expect((await ends).map(({ status }) => status)).toEqual(calls.map(() => 'fulfilled'))
    // A connection that was cut would have been tried again: so many that are done once.
    expect(proxy.requests).toHaveLength(requests)
    expect(await calls[0]).toMatchObject({ duplicate: false })
  })

  it('takes no more calls, and sends nothing for them', async () => {
    await dynamo.close()
    const requests = proxy.requests.length
    const refused = [
      () => dynamo.events.append({ eventType: 'x' }),
      () => dynamo.events.appendMany([{ eventType: 'x' }]),
      () => dynamo.events.writer().append({ eventType: 'x' }),
      () => dynamo.events.byType('x'),
      () => dynamo.agentState.current('a'),
      () => dynamo.messages.enqueue(message),
      () => dynamo.tables.status(),
      () => dynamo.tables.plan(),
      () => dynamo.tables.apply(),
      () => dynamo.client.send(new GetItemCommand({ TableName: 't', Key: { pk: { S: 'p' } } })),
    ]
    for (const call of refused) {
      expect(await rejection(call())).toMatchObject({ code: 'dynamo.closed', retryable: false, effect: 'none' })
    }
    expect(await dynamo.health()).toMatchObject({ status: 'down', reason: expect.stringContaining('close()') })
    expect(proxy.requests).toHaveLength(requests)
  })

  it('is not drained while tables are applied or looked at, health is asked, or the client is used', async () => {
    fault = 'hang'
    const settings = testSettings({ endpoint: proxy.endpoint, attemptTimeoutMs: 500, maxAttempts: 1 })
    const calls: readonly ((of: Dynamo | DynamoOnDemand) => Promise<unknown>)[] = [
      (of) => of.tables.apply(),
      (of) => of.tables.plan(),
      (of) => of.tables.status(),
      (of) => of.health(),
      (of) => of.client.send(new GetItemCommand({ TableName: 't', Key: { pk: { S: 'p' } } })),
    ]
    const closeAll = (graceMs?: number) =>
      Promise.all(
        calls.map(async (call) => {
          const of = make(settings)
          const ended = Promise.allSettled([call(of)])
          const closed = await of.close(graceMs)
          await ended
          return closed
        }),
      )
    expect(await closeAll(50)).toEqual(calls.map(() => ({ drained: false })))
    expect(await closeAll()).toEqual(calls.map(() => ({ drained: true }))) // once each has ended, by its own limit
  })

  it('settles for everybody who asks, with work under way, each within the grace given', async () => {
    fault = 'hang'
    const failed = rejection(dynamo.events.append({ eventType: 'x' }))
    // A handler of SIGTERM and `await using`: the second waits less, and nobody waits longer than that.
    const closed = [dynamo.close(3_600_000), dynamo.close(50), dynamo.close(3_600_000)]
    expect(await Promise.all(closed)).toEqual(closed.map(() => ({ drained: false })))
    fault = 'reset'
    await failed
  })

  it('settles within its grace where a writer is closing without one', async () => {
    fault = 'hang'
    const writer = dynamo.events.writer()
    const failed = rejection(writer.append({ eventType: 'x' }))
    await expect.poll(() => proxy.requests.length).toBeGreaterThan(0)
    const writerClosed = writer.close(3_600_000)
    expect(await dynamo.close(50)).toEqual({ drained: false })
    expect(await failed).toMatchObject({ code: 'dynamo.events.writer_closed', effect: 'unknown' })
    await writerClosed // what it waited for has ended
    fault = 'reset'
  })

  it('waits no longer than its grace, then cancels what is in flight or waits for a connection', async () => {
    fault = 'hang'
    const never = { timeoutMs: 3_600_000, attemptTimeoutMs: 3_600_000, maxSockets: 1 }
    const of = make({ ...testSettings({ endpoint: proxy.endpoint }), ...never })
    const written = rejection(of.events.append({ eventType: 'x' }))
    await expect.poll(() => proxy.requests.length).toBeGreaterThan(0)
    const waiting = rejection(of.messages.enqueue(message))
    const read = rejection(of.agentState.current('a'))
    const sent = rejection(of.client.send(new GetItemCommand({ TableName: 't', Key: { pk: { S: 'p' } } })))
    const requests = proxy.requests.length
    expect(await of.close(200)).toEqual({ drained: false })
    expect(await written).toMatchObject({ code: 'dynamo.closed', effect: 'unknown', retryable: false })
    for (const never of [waiting, read, sent]) {
      expect(await never).toMatchObject({ code: 'dynamo.closed', effect: 'none' })
    }
    expect(proxy.requests, 'nothing is tried again').toHaveLength(requests)
  })
})
