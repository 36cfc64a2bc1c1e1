import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { type DynamoFault, type DynamoProxy, dynamodbEndpoint, startDynamoProxy } from '@miyabi/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { withCallDeadline } from '../src/client/call.js'
import { openClient } from '../src/client/client.js'
import type { DynamoError } from '../src/errors/errors.js'
import type { DynamoSettings } from '../src/settings/config.js'
import { rejection, testSettings } from './support.js'

const get = new GetItemCommand({ TableName: 'T', Key: { pk: { S: 'a' } } })
const put = new PutItemCommand({ TableName: 'T', Item: { pk: { S: 'a' } } })

let fault: DynamoFault = 'hang'
let proxy: DynamoProxy
let opened: ReturnType<typeof openClient>

beforeEach(async () => {
  proxy = await startDynamoProxy(dynamodbEndpoint(), () => fault)
})
afterEach(async () => {
  opened.client.destroy()
  await proxy.close()
})

function open(changes: Partial<DynamoSettings>): typeof opened {
  opened = openClient(testSettings({ endpoint: proxy.endpoint, initialBackoffMs: 5, ...changes }))
  return opened
}

describe('the connections of a client', () => {
  it('show how many requests wait for one', async () => {
    fault = 'hang'
    const { client, stats } = open({ maxSockets: 2, timeoutMs: 400, attemptTimeoutMs: 5000 })
    const calls = Array.from({ length: 5 }, () => rejection(client.send(get)))
    await expect.poll(() => stats().sockets).toEqual({ max: 2, active: 2, waiting: 3 })
    await Promise.all(calls)
    await expect.poll(() => stats().sockets).toEqual({ max: 2, active: 0, waiting: 0 })
  })

  it('are named by whoever waited for one to the end, not a connection timeout', async () => {
    fault = 'hang'
    const { client } = open({ maxSockets: 2, attemptTimeoutMs: 5000 })
    const within = (ms: number) =>
      rejection(withCallDeadline({ operation: 'x', ms }, (abortSignal) => client.send(put, { abortSignal })))
    const errors = (await Promise.all([1000, 1000, 300, 300, 300].map(within))) as DynamoError[]
    expect(errors.map(({ code, effect }) => `${code} ${effect}`)).toEqual([
      ...Array.from({ length: 2 }, () => 'dynamo.deadline unknown'),
      ...Array.from({ length: 3 }, () => 'dynamo.sockets_busy none'),
    ])
    expect(errors[4]?.message).toContain('DYNAMODB_MAX_SOCKETS')
    expect(errors[4]?.details.sockets).toMatchObject({ max: 2 })
  })

  it('serve who waits when the calls before him end, also those that failed', async () => {
    let number = 0
    await proxy.close()
    proxy = await startDynamoProxy(dynamodbEndpoint(), () => {
      number += 1
      return number % 3 === 0 ? 'reset' : number % 3 === 1 ? 'stall-body' : { error: 'ValidationException' }
    })
    const { client, stats } = open({ maxSockets: 2, timeoutMs: 20_000, attemptTimeoutMs: 300, maxAttempts: 1 })
    const errors = await Promise.all(Array.from({ length: 30 }, () => rejection(client.send(get))))
    // One that meets a connection which was reset meanwhile fails before it arrives.
    expect(proxy.requests.length).toBeGreaterThan(20)
    expect(errors.filter((error) => (error as DynamoError).code === 'dynamo.sockets_busy')).toEqual([])
    await expect.poll(() => stats().sockets.active).toBe(0)
  })
})
