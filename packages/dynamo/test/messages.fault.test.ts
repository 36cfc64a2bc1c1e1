import {
  type DynamoAnswer,
  type DynamoFault,
  type DynamoProxy,
  type DynamoRequest,
  dynamodbEndpoint,
  startDynamoProxy,
} from '@miyabi/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Dynamo } from '../src/dynamo.js'
import { MessageLeaseLostError } from '../src/messages/errors.js'
import type { MessageLease } from '../src/messages/lease.js'
import { rejection, testDynamo } from './support.js'

let decide: (request: DynamoRequest) => DynamoFault = () => 'pass'
let proxy: DynamoProxy
let dynamo: Dynamo
beforeAll(async () => {
  proxy = await startDynamoProxy(dynamodbEndpoint(), (request) => decide(request))
  dynamo = await testDynamo({ settings: { endpoint: proxy.endpoint, initialBackoffMs: 5, maxBackoffMs: 20 } })
})
afterEach(() => {
  decide = () => 'pass'
})
afterAll(async () => {
  await dynamo.close()
  await proxy.close()
})

async function enqueue(recipient: string, n: number): Promise<string> {
  return (await dynamo.messages.enqueue({ recipient, messageType: 'ping', payload: { n } })).messageId
}

/** Which messages a lease gives, by the numbers in their payloads. */
const next = async (lease: MessageLease): Promise<unknown[]> =>
  (await lease.receive()).messages.map(({ payload }) => payload['n'])

/** The answer without the items at some places. */
const without =
  (...places: number[]) =>
  (answer: DynamoAnswer): DynamoAnswer => ({
    ...answer,
    Items: answer.Items?.filter((_, i) => !places.includes(i)) ?? [],
  })

describe('delivery', () => {
  it('is right where indexes and replicas lag: it reads from neither', async () => {
    const LAG_MS = 2000
    // Whatever is not strongly consistent hides half of what is younger, such as a message before one that it shows.
    decide = ({ operation, body }) =>
      operation !== 'Query' || body.includes('"ConsistentRead":true')
        ? 'pass'
        : {
            edit: (answer) => ({
              ...answer,
              Items:
                answer.Items?.filter(
                  (item, i) => i % 2 === 1 || Number(item['enqueuedAt']?.['N']) < Date.now() - LAG_MS,
                ) ?? [],
            }),
          }
    const lease = await dynamo.messages.lease('lag', { connectionId: 'c' })
    const got: unknown[] = []
    for (let n = 0; n < 30; n++) {
      await enqueue('lag', n)
      if (n % 7 === 6) got.push(...(await next(lease)))
    }
    got.push(...(await next(lease)))
    expect(got).toEqual(Array.from({ length: 30 }, (_, n) => n))
    await lease.release()
    await using again = await dynamo.messages.lease('lag', { connectionId: 'd' })
    expect(await next(again)).toEqual(got)
  })

  it('keeps a sender’s order although a read passed the place of a message just before it was stored', async () => {
    const lease = await dynamo.messages.lease('torn', { connectionId: 'c' })
    for (const n of [0, 1, 2, 3]) await enqueue('torn', n)
    let queries = 0
    decide = ({ operation }) => (operation === 'Query' && ++queries === 1 ? { edit: without(0, 2) } : 'pass')
    expect(await next(lease)).toEqual([0, 1, 2, 3])

    for (const n of [4, 5, 6]) await enqueue('torn', n)
    queries = 0
    decide = ({ operation }) => (operation === 'Query' && ++queries === 1 ? { edit: without(4) } : 'pass')
    expect(await next(lease)).toEqual([4, 5, 6])
  })

  it('looks again behind whatever a second look adds', async () => {
    const lease = await dynamo.messages.lease('deep', { connectionId: 'c' })
    for (const n of [0, 1, 2]) await enqueue('deep', n)
    let queries = 0
    decide = ({ operation }) => {
      if (operation !== 'Query') return 'pass'
      queries += 1
      return queries === 1 ? { edit: without(0, 1) } : queries === 2 ? { edit: without(0) } : 'pass'
    }
    expect(await next(lease)).toEqual([0, 1, 2])
  })

  it('is not held up by a sender that died between its two writes, and loses nothing that arrives late', async () => {
    const lease = await dynamo.messages.lease('hole', { connectionId: 'c' })
    await enqueue('hole', 0)
    const death = new AbortController()
    decide = ({ operation }) => {
      if (operation !== 'TransactWriteItems') return 'pass'
      death.abort(new Error('the sender died'))
      return 'hang'
    }
    const dying = dynamo.messages.enqueue(
      { recipient: 'hole', messageType: 'ping', payload: { n: 'late' } },
      { signal: death.signal },
    )
    expect(await rejection(dying)).toBe(death.signal.reason)
    decide = () => 'pass'
    const late = proxy.requests.findLast(({ operation }) => operation === 'TransactWriteItems')
    await enqueue('hole', 1)
    expect(await next(lease)).toEqual([0, 1])
    for (const { messageId } of (await dynamo.messages.undelivered('hole')).items) {
      await dynamo.messages.acknowledge('hole', messageId)
    }
    // The request that was on its way arrives after all.
    await replay(late)
    expect(await next(lease)).toEqual(['late'])
  })

  it('does not read on behalf of what was acknowledged', async () => {
    const lease = await dynamo.messages.lease('acknowledged', { connectionId: 'c' })
    for (let n = 0; n < 5; n++) await enqueue('acknowledged', n)
    const { messages } = await lease.receive({ limit: 7 })
    for (const { messageId } of messages.slice(0, 4)) await dynamo.messages.acknowledge('acknowledged', messageId)
    await lease.receive({ limit: 7 })
    await lease.receive({ limit: 7 })
    // The one that is still out is read too.
    const query = proxy.requests.findLast(({ operation }) => operation === 'Query')
    expect(JSON.parse(query?.body ?? '{}')).toMatchObject({ Limit: 8 })
  })

  it('stores a message once although an answer was lost, and holds no lease twice', async () => {
    let writes = 0
    // Every other answer: of the number, and of the message.
    decide = ({ operation }) => (/Transact|Update/.test(operation) && ++writes % 2 === 1 ? 'lose-answer' : 'pass')
    await enqueue('lost', 0)
    expect(writes).toBe(4)
    const lease = await dynamo.messages.lease('lost', { connectionId: 'c' })
    expect(writes).toBe(6)
    expect(await next(lease)).toEqual([0])
    await lease.release()
    expect(writes).toBe(10)
    expect(await dynamo.messages.queue('lost')).toEqual({ expired: 0 })
  })

  it('gets over answers that stall after their beginning', async () => {
    await using patient = await testDynamo({
      settings: { endpoint: proxy.endpoint, initialBackoffMs: 5, maxBackoffMs: 20, attemptTimeoutMs: 1000 },
    })
    const lease = await patient.messages.lease('stalls', { connectionId: 'c' })
    const stalled = new Set<string>()
    // The first of each kind: of the number, the message, the read.
    decide = ({ operation }) => {
      if (stalled.has(operation)) return 'pass'
      stalled.add(operation)
      return 'stall-body'
    }
    await patient.messages.enqueue({ recipient: 'stalls', messageType: 'ping', payload: { n: 0 } })
    await patient.messages.enqueue({ recipient: 'stalls', messageType: 'ping', payload: { n: 1 } })
    expect(await next(lease)).toEqual([0, 1])
    expect([...stalled].sort()).toEqual(['Query', 'TransactWriteItems', 'UpdateItem'])
  })

  it('counts what expired once although the answer was lost', async () => {
    await using short = await testDynamo({
      settings: { endpoint: proxy.endpoint, initialBackoffMs: 5, maxBackoffMs: 20 },
      retention: { messagesMs: 1 },
    })
    for (let n = 0; n < 3; n++) await short.messages.enqueue({ recipient: 'r', messageType: 'ping' })
    await new Promise((resolve) => setTimeout(resolve, 5))
    const lease = await short.messages.lease('r', { connectionId: 'c' })
    let updates = 0
    decide = ({ operation }) => (operation === 'UpdateItem' && ++updates === 1 ? 'lose-answer' : 'pass')
    expect(await lease.receive()).toEqual({ messages: [], expired: 3 })
    expect(updates).toBe(3)
    expect(await short.messages.queue('r')).toMatchObject({ expired: 3 })
  })

  it('gives nothing where it cannot be sure of the lease', async () => {
    const lease = await dynamo.messages.lease('unsure', { connectionId: 'c' })
    await enqueue('unsure', 0)
    decide = ({ operation }) => (operation === 'UpdateItem' ? 'reset' : 'pass')
    expect(await rejection(lease.receive())).toMatchObject({ code: 'dynamo.unreachable' })
    decide = () => 'pass'
    expect(await next(lease)).toEqual([0])
    await dynamo.messages.lease('unsure', { connectionId: 'd', takeOver: true })
    await enqueue('unsure', 1)
    expect(await rejection(lease.receive())).toBeInstanceOf(MessageLeaseLostError)
  })

  it('reads the queue where the server does not show what a condition met', async () => {
    const holder = await dynamo.messages.lease('silent', { connectionId: 'c' })
    await enqueue('silent', 0)
    const isUpdate = ({ operation }: DynamoRequest): boolean => operation === 'UpdateItem'
    decide = (request) => (isUpdate(request) ? { error: 'ConditionalCheckFailedException' } : 'pass')
    expect(await rejection(dynamo.messages.lease('silent', { connectionId: 'd' }))).toMatchObject({
      code: 'dynamo.messages.leased',
      details: { connectionId: 'c' },
    })
    let updates = 0
    decide = (request) => (isUpdate(request) && ++updates === 1 ? { error: 'ConditionalCheckFailedException' } : 'pass')
    // It finds its own lease, and room in the queue.
    expect(await next(holder)).toEqual([0])
    updates = 0
    await enqueue('silent', 1)
    expect(await next(holder)).toEqual([1])
  })

  it("counts a caller's signal and deadline from the call, also while it waits its turn behind another", async () => {
    await using hasty = await testDynamo({
      settings: { endpoint: proxy.endpoint, timeoutMs: 1500, attemptTimeoutMs: 1400 },
    })
    const { messageId } = await hasty.messages.enqueue({ recipient: 'queueing', messageType: 'ping', payload: {} })
    const lease = await hasty.messages.lease('queueing', { connectionId: 'c' })
    decide = () => 'hang'
    const endedAtMs: Record<string, number> = {}
    const noted = async (name: string, call: Promise<unknown>): Promise<unknown> => {
      const error = await rejection(call)
      endedAtMs[name] = performance.now()
      return error
    }
    const first = noted('first', lease.receive())
    const controller = new AbortController()
    const second = noted('second', lease.receive({ signal: controller.signal }))
    const third = noted('third', lease.receive())
    const gone = new Error('the caller has gone')
    controller.abort(gone)
    expect(await second).toBe(gone)
    expect(Object.keys(endedAtMs)).toEqual(['second'])
    expect(await first).toMatchObject({ code: 'dynamo.deadline' })
    expect(await third).toMatchObject({ code: 'dynamo.deadline' })
    // Both were called at the same moment; a deadline counted from the turn would end a whole one later.
    expect((endedAtMs['third'] ?? 0) - (endedAtMs['first'] ?? 0)).toBeLessThan(1000)
    decide = () => 'pass'
    expect((await lease.receive()).messages).toMatchObject([{ messageId }])
  })

  it('ends within the deadline', async () => {
    await using hasty = await testDynamo({ settings: { endpoint: proxy.endpoint, timeoutMs: 800 } })
    const lease = await hasty.messages.lease('slow', { connectionId: 'c' })
    const other = await hasty.messages.lease('other', { connectionId: 'c' })
    decide = () => 'hang'
    const calls = [
      lease.receive(),
      other.release(),
      hasty.messages.lease('slow', { connectionId: 'd' }),
      hasty.messages.acknowledge('slow', '0000000000000001'),
      hasty.messages.queue('slow'),
    ]
    const startedAtMs = performance.now()
    for (const error of await Promise.all(calls.map(rejection))) {
      expect(error).toMatchObject({ code: 'dynamo.deadline', retryable: true })
    }
    expect(performance.now() - startedAtMs).toBeLessThan(20_000)
  })
})

/** Sends a request that the proxy kept from the server. */
async function replay(request: DynamoRequest | undefined): Promise<void> {
  const response = await fetch(dynamodbEndpoint(), {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDB_20120810.${request?.operation}`,
      'x-amz-date': '20260101T000000Z',
      authorization:
        'AWS4-HMAC-SHA256 Credential=local/20260101/ap-northeast-1/dynamodb/aws4_request, SignedHeaders=host, Signature=none',
    },
    body: request?.body ?? '',
  })
  expect(response.status).toBe(200)
}
