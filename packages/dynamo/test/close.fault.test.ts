import { type DynamoFault, type DynamoProxy, dynamodbEndpoint, startDynamoProxy } from '@miyabi/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Dynamo } from '../src/dynamo.js'
import { rejection, testDynamo } from './support.js'

let fault: DynamoFault
let proxy: DynamoProxy
let dynamo: Dynamo

beforeEach(async () => {
  fault = 'pass'
  proxy = await startDynamoProxy(dynamodbEndpoint(), () => fault)
  dynamo = await testDynamo({ settings: { endpoint: proxy.endpoint, initialBackoffMs: 50, maxBackoffMs: 100 } })
})
afterEach(async () => {
  await dynamo.close(0)
  await proxy.close()
})

const message = { recipient: 'r', messageType: 'ping' } as const

describe('closing', () => {
  it('lets calls on their way end, each to its last request, before it closes the connections', async () => {
    const calls = [
      dynamo.events.append({ eventType: 'x' }),
      dynamo.events.appendMany(Array.from({ length: 60 }, () => ({ eventType: 'x' }))),
      dynamo.agentState.save({ agentId: 'a', status: 'running', expectedVersion: 0 }),
      dynamo.messages.enqueue(message),
      dynamo.events.byType('none', { order: 'asc' }),
    ]
    const ends = Promise.allSettled(calls)
    expect(await dynamo.close()).toEqual({ drained: true })
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
    ]
    for (const call of refused) {
      expect(await rejection(call())).toMatchObject({ code: 'dynamo.closed', retryable: false, effect: 'none' })
    }
    expect(proxy.requests).toHaveLength(requests)
  })

  it('waits no longer than its grace', async () => {
    fault = 'hang'
    const failed = rejection(dynamo.events.append({ eventType: 'x' }))
    const start = performance.now()
    expect(await dynamo.close(200)).toEqual({ drained: false })
    expect(performance.now() - start).toBeLessThan(4000)
    fault = 'reset'
    expect(await failed).toMatchObject({ code: 'dynamo.unreachable', effect: 'unknown' })
  })
})
