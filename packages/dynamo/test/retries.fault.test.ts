import { type DynamoDBClient, GetItemCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb'
import { RetryBudget, sleep } from '@miyabi/core'
import {
  type DynamoFault,
  type DynamoProxy,
  type DynamoRequest,
  dynamodbEndpoint,
  startDynamoProxy,
} from '@miyabi/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { withOurErrors } from '../src/client/call.js'
import { createDynamoDBClient } from '../src/client/client.js'
import type { Dynamo } from '../src/dynamo.js'
import type { DynamoSettings } from '../src/settings/config.js'
import { rejection, testDynamo, testSettings } from './support.js'

const get = new GetItemCommand({ TableName: 'T', Key: { pk: { S: 'a' } } })
const transaction = () =>
  new TransactWriteItemsCommand({ TransactItems: [{ Put: { TableName: 'T', Item: { pk: { S: 'a' } } } }] })

let fault: DynamoFault = 'pass'
let decide: (request: DynamoRequest) => DynamoFault
let proxy: DynamoProxy
const clients: DynamoDBClient[] = []

beforeEach(async () => {
  decide = () => fault
  proxy = await startDynamoProxy(dynamodbEndpoint(), (request) => decide(request))
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  await proxy.close()
})

function clientWith(changes: Partial<DynamoSettings> = {}, retryBudget?: RetryBudget): DynamoDBClient {
  const settings = testSettings({ endpoint: proxy.endpoint, initialBackoffMs: 5, ...changes })
  const client = createDynamoDBClient(settings, { retryBudget })
  clients.push(client)
  return client
}

const cancelled = (...codes: string[]): DynamoFault => ({
  error: 'TransactionCanceledException',
  members: { CancellationReasons: codes.map((Code) => ({ Code })) },
})

describe('a transaction', () => {
  it.each([
    ['was cancelled by another one', cancelled('TransactionConflict', 'None')],
    ['was cancelled by throttling', cancelled('None', 'ThrottlingError')],
    ['met another one', { error: 'TransactionConflictException' }],
  ] satisfies [string, DynamoFault][])('is tried again when it %s, under one token', async (_name, kind) => {
    fault = kind
    await rejection(clientWith({ maxAttempts: 4 }).send(transaction()))
    const tokens = proxy.requests.map(
      ({ body }) => (JSON.parse(body) as { ClientRequestToken: string }).ClientRequestToken,
    )
    expect(tokens).toHaveLength(4)
    expect(new Set(tokens).size).toBe(1)
  })

  it('is not tried again when a condition or a limit cancelled it', async () => {
    fault = cancelled('TransactionConflict', 'ConditionalCheckFailed')
    await rejection(clientWith().send(transaction()))
    fault = cancelled('ValidationError')
    await rejection(clientWith().send(transaction()))
    expect(proxy.requests).toHaveLength(2)
  })

  it('keeps its deadline while it meets others', async () => {
    fault = cancelled('TransactionConflict')
    const client = clientWith({ timeoutMs: 300, initialBackoffMs: 20_000, maxAttempts: 20 })
    const startedAtMs = performance.now()
    expect(await rejection(client.send(transaction()))).toMatchObject({ code: 'dynamo.deadline', effect: 'none' })
    expect(performance.now() - startedAtMs).toBeLessThan(20_000)
  })
})

describe('the retry budget', () => {
  it('is shared by the clients that are given it, and bounds what a storm is multiplied by', async () => {
    fault = { error: 'InternalServerError', status: 500 }
    const budget = new RetryBudget({ capacity: 10, refillPerSecond: 0 })
    const clients = [clientWith({}, budget), clientWith({}, budget)]
    await Promise.all(Array.from({ length: 20 }, (_, i) => rejection(clients[i % 2]?.send(get) ?? Promise.resolve())))
    expect(proxy.requests).toHaveLength(20 + 10)
  })

  it('says that it was the one to give up', async () => {
    fault = { error: 'InternalServerError', status: 500 }
    const budget = new RetryBudget({ capacity: 1, refillPerSecond: 0 })
    const call = withOurErrors({ operation: 'x', tables: [] }, () => clientWith({}, budget).send(get))
    expect(await rejection(call)).toMatchObject({
      code: 'dynamo.unavailable',
      details: { gaveUp: 'budget', attempts: 2 },
    })
    const other = withOurErrors({ operation: 'x', tables: [] }, () => clientWith().send(get))
    expect((await rejection(other)) as object).not.toHaveProperty('details.gaveUp')
  })
})

describe('a batch that is put again', () => {
  const eventsWith = async (changes: Partial<DynamoSettings>, retryBudget: RetryBudget): Promise<Dynamo> => {
    const settings = { endpoint: proxy.endpoint, initialBackoffMs: 1, maxBackoffMs: 5, ...changes }
    return testDynamo({ settings, retryBudget })
  }
  const appendEach = (dynamo: Dynamo, calls: number): Promise<unknown>[] =>
    Array.from({ length: calls }, () => dynamo.events.appendMany([{ eventType: 'x' }]))

  it('draws on the budget too, and waits for it', async () => {
    fault = { error: 'InternalServerError', status: 500 }
    const spent = new RetryBudget({ capacity: 5, refillPerSecond: 0 })
    await using dynamo = await eventsWith({ timeoutMs: 4000, maxAttempts: 1 }, spent)
    const errors = await Promise.all(appendEach(dynamo, 10).map(rejection))
    expect(proxy.requests).toHaveLength(10 + 5)
    expect(errors[0]).toMatchObject({ code: 'dynamo.events.unprocessed', retryable: true })

    const filling = new RetryBudget({ capacity: 1, refillPerSecond: 50 })
    await using other = await eventsWith({ maxAttempts: 1 }, filling)
    proxy.forget()
    decide = ({ number }) => (number <= 10 ? fault : 'pass')
    await Promise.all(appendEach(other, 10))
    expect(proxy.requests).toHaveLength(10 + 10)
  })

  it('takes one retry for all of its events', async () => {
    fault = { error: 'InternalServerError', status: 500 }
    const budget = new RetryBudget({ capacity: 40, refillPerSecond: 0 })
    await using dynamo = await eventsWith({ timeoutMs: 60_000, maxAttempts: 1 }, budget)
    const batches = Array.from({ length: 10 }, () => Array.from({ length: 25 }, () => ({ eventType: 'x' })))
    const stop = new AbortController()
    const appended = batches.map((events) => rejection(dynamo.events.appendMany(events, { signal: stop.signal })))
    await expect.poll(() => proxy.requests.length).toBe(10 + 40)
    await sleep(100) // in which no other retry leaves
    stop.abort(new Error('enough'))
    await Promise.all(appended)
    expect(proxy.requests).toHaveLength(10 + 40)
  })

  it('takes one retry for all that DynamoDB left of it', async () => {
    decide = ({ number }) => (number <= 10 ? { unprocessed: 20 } : 'pass')
    const budget = new RetryBudget({ capacity: 10, refillPerSecond: 0 })
    await using dynamo = await eventsWith({}, budget)
    const batches = Array.from({ length: 10 }, () => Array.from({ length: 25 }, () => ({ eventType: 'x' })))
    await Promise.all(batches.map((events) => dynamo.events.appendMany(events)))
    expect(proxy.requests).toHaveLength(10 + 10)
  })

  it('does not wait long for a server that could not be reached, as it may have returned', async () => {
    decide = ({ number }) => (number <= 6 ? 'reset' : 'pass')
    const patient = { maxAttempts: 1, initialBackoffMs: 20_000, maxBackoffMs: 20_000, timeoutMs: 15_000 }
    await using dynamo = await eventsWith(patient, new RetryBudget())
    const startedAtMs = performance.now()
    await Promise.all(appendEach(dynamo, 6))
    expect(performance.now() - startedAtMs).toBeLessThan(20_000)
  })
})

describe('a server that says when to come back', () => {
  it('is obeyed', async () => {
    fault = { error: 'ThrottlingException', headers: { 'retry-after': '1' } }
    await rejection(clientWith({ maxAttempts: 2 }).send(get))
    expect(proxy.gaps()[0]).toBeGreaterThan(900)
  })
})
