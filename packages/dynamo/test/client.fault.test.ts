import {
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import { type DynamoFault, type DynamoProxy, dynamodbEndpoint, startDynamoProxy } from '@miyabi/testing'
import { Entity } from 'electrodb'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDynamoDBClient } from '../src/client/client.js'
import { DynamoError } from '../src/errors/errors.js'
import { unwrap } from '../src/errors/map-error.js'
import type { DynamoSettings } from '../src/settings/config.js'
import { rejection, testSettings } from './support.js'

const get = new GetItemCommand({ TableName: 'T', Key: { pk: { S: 'a' } } })
const put = new PutItemCommand({ TableName: 'T', Item: { pk: { S: 'a' } } })

let fault: DynamoFault = 'pass'
let proxy: DynamoProxy
const clients: DynamoDBClient[] = []

beforeEach(async () => {
  proxy = await startDynamoProxy(dynamodbEndpoint(), () => fault)
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  await proxy.close()
})

/** A client of its own for each test: retries draw on a budget that a client keeps. */
function clientWith(changes: Partial<DynamoSettings> = {}): DynamoDBClient {
  const client = createDynamoDBClient(testSettings({ endpoint: proxy.endpoint, initialBackoffMs: 10, ...changes }))
  clients.push(client)
  return client
}

async function failure(promise: Promise<unknown>): Promise<{ error: DynamoError; ms: number }> {
  const startedAtMs = performance.now()
  const error = (await rejection(promise)) as DynamoError
  return { error, ms: performance.now() - startedAtMs }
}

describe('a client under faults', () => {
  it.each([
    ['a server error', { error: 'InternalServerError', status: 500 }],
    ['an unavailable service', { error: 'ServiceUnavailable', status: 503 }],
    ['throttling', { error: 'ProvisionedThroughputExceededException' }],
    ['throttling of the account', { error: 'RequestLimitExceeded' }],
    ['a connection reset', 'reset'],
  ] satisfies [string, DynamoFault][])('tries %s as often as the settings say', async (_name, kind) => {
    fault = kind
    await rejection(clientWith({ maxAttempts: 4 }).send(get))
    expect(proxy.requests.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4].map((n) => `attempt=${n}; max=4`))
  })

  it('waits before retries as the settings say, after throttling too', async () => {
    fault = { error: 'ProvisionedThroughputExceededException' }
    await rejection(clientWith({ maxAttempts: 5, initialBackoffMs: 20, maxBackoffMs: 40 }).send(get))
    for (const [retry, gap] of proxy.gaps().entries()) expect(gap).toBeLessThan(Math.min(40, 20 * 2 ** retry) + 1000)
  })

  it.each(['ValidationException', 'ExpiredTokenException', 'UnrecognizedClientException', 'AccessDeniedException'])(
    'does not try again what cannot succeed: %s',
    async (error) => {
      fault = { error }
      await rejection(clientWith().send(get))
      expect(proxy.requests).toHaveLength(1)
    },
  )

  it('cuts an attempt that hangs, and tries again', async () => {
    fault = 'hang'
    const { error, ms } = await failure(clientWith({ attemptTimeoutMs: 150, maxAttempts: 3 }).send(get))
    expect(error.name).toBe('TimeoutError')
    expect(proxy.requests).toHaveLength(3)
    expect(ms).toBeGreaterThan(440)
    expect(ms).toBeLessThan(20_000)
  })

  it.each(['stall-body', 'trickle'] satisfies DynamoFault[])(
    'cuts an answer that comes too slowly, and tries again: %s',
    async (kind) => {
      fault = kind
      const { error, ms } = await failure(clientWith({ attemptTimeoutMs: 400, maxAttempts: 2 }).send(get))
      expect(error.name).toBe('TimeoutError')
      expect(proxy.requests).toHaveLength(2)
      expect(ms).toBeLessThan(20_000)
    },
  )

  it.each(['hang', 'stall-body', 'trickle'] satisfies DynamoFault[])(
    'ends the whole call at its deadline: %s',
    async (kind) => {
      fault = kind
      const client = clientWith({ timeoutMs: 300, attemptTimeoutMs: 60_000 })
      const { error, ms } = await failure(client.send(get))
      expect(error).toBeInstanceOf(DynamoError)
      expect(error).toMatchObject({ code: 'dynamo.deadline', retryable: true, effect: 'none' })
      expect(error.details).toMatchObject({ operation: 'GetItem', tables: ['T'], attempts: 1 })
      expect(ms).toBeGreaterThan(290)
      expect(ms).toBeLessThan(20_000)
    },
  )

  it('ends at its deadline while it waits for a retry', async () => {
    fault = { error: 'InternalServerError', status: 500 }
    const client = clientWith({ timeoutMs: 300, initialBackoffMs: 200_000, maxAttempts: 20 })
    const { error, ms } = await failure(client.send(get))
    // With a random wait below 200 s, all retries could in theory come within 300 ms.
    expect(error.code).toBe('dynamo.deadline')
    expect(error.message).toContain('InternalServerError')
    expect(ms).toBeLessThan(20_000)
  })

  it('says that a write whose answer never came may be stored', async () => {
    fault = 'hang'
    const { error } = await failure(clientWith({ timeoutMs: 600 }).send(put))
    expect(error).toMatchObject({ code: 'dynamo.deadline', effect: 'unknown' })
    expect(error.message).toContain('may be stored')
  })

  it('holds a document client and ElectroDB to the same deadline', async () => {
    fault = 'hang'
    const client = clientWith({ timeoutMs: 200, attemptTimeoutMs: 60_000 })
    const document = DynamoDBDocumentClient.from(client)
    const first = await failure(document.send(new GetCommand({ TableName: 'T', Key: { pk: 'a' } })))
    expect(first.error.code).toBe('dynamo.deadline')
    expect(first.ms).toBeLessThan(20_000)

    const entity = new Entity(
      {
        model: { entity: 'e', version: '1', service: 's' },
        attributes: { id: { type: 'string', required: true } },
        indexes: { primary: { pk: { field: 'pk', composite: ['id'] }, sk: { field: 'sk', composite: [] } } },
      },
      { client: document, table: 'T' },
    )
    const second = await failure(entity.get({ id: 'a' }).go())
    expect(unwrap(second.error)).toMatchObject({ code: 'dynamo.deadline', details: { operation: 'GetItem' } })
    expect(second.ms).toBeLessThan(20_000)
  })

  it("ends when its caller's signal does, with the caller's own reason", async () => {
    fault = 'hang'
    const controller = new AbortController()
    const reason = new Error('the user went away')
    setTimeout(() => controller.abort(reason), 50)
    expect(await rejection(clientWith().send(get, { abortSignal: controller.signal }))).toBe(reason)
  })

  it('repeats a transaction under one token, so that a lost answer does not write twice', async () => {
    fault = { error: 'InternalServerError', status: 500 }
    const TransactItems = [{ Put: { TableName: 'T', Item: { pk: { S: 'a' } } } }]
    await rejection(clientWith().send(new TransactWriteItemsCommand({ TransactItems })))
    const tokens = proxy.requests.map(
      ({ body }) => (JSON.parse(body) as { ClientRequestToken: string }).ClientRequestToken,
    )
    expect(tokens).toHaveLength(3)
    expect(new Set(tokens).size).toBe(1)
  })

  it('tells its logger of every failed attempt, and nothing of what was sent', async () => {
    fault = { error: 'ProvisionedThroughputExceededException', members: { ThrottlingReasons: [{ reason: 'hot key' }] } }
    const lines: [object, string][] = []
    const log = (fields: object, message: string): void => {
      lines.push([fields, message])
    }
    const client = createDynamoDBClient(testSettings({ endpoint: proxy.endpoint, initialBackoffMs: 1 }), {
      logger: { debug: log, info: log, warn: log, error: log },
    })
    clients.push(client)
    await rejection(client.send(new PutItemCommand({ TableName: 'T', Item: { pk: { S: 'hush-hush' } } })))
    const failed = lines.map(([fields]) => fields).filter((fields) => 'failure' in fields)
    expect(failed).toHaveLength(3)
    expect(failed[1]).toMatchObject({
      event: 'dynamo.attempt_failed',
      operation: 'PutItem',
      tables: ['T'],
      attempt: 2,
      maxAttempts: 3,
      failure: 'ProvisionedThroughputExceededException',
      throttling: [{ reason: 'hot key' }],
    })
    expect(JSON.stringify(lines)).not.toContain('hush-hush')
  })

  it('keeps connections alive, and opens no more than the settings allow', async () => {
    fault = { error: 'ValidationException' }
    const client = clientWith({ maxSockets: 3 })
    for (let i = 0; i < 20; i++) await rejection(client.send(get))
    expect(proxy.connections).toBe(1)
    await Promise.all(Array.from({ length: 40 }, () => rejection(client.send(get))))
    expect(proxy.connections).toBeLessThanOrEqual(3)
  })
})
