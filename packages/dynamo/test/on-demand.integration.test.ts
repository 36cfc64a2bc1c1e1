import { ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DynamoOnDemand, dynamoOnDemand } from '../src/on-demand.js'
import type { DynamoSettings } from '../src/settings/config.js'
import { rejection, testSettings, testTables } from './support.js'

let settings: DynamoSettings
let dynamo: DynamoOnDemand
beforeEach(async () => {
  settings = await testTables()
  dynamo = dynamoOnDemand(settings)
})
afterEach(() => dynamo.close(0))

describe('DynamoDB on demand', () => {
  it('answers every kind of call, the first ones in the order in which they were made', async () => {
    const sent = ['one', 'two', 'three'].map((id) =>
      dynamo.messages.enqueue({ recipient: 'r', messageType: 'ping', payload: { id } }),
    )
    expect(new Set((await Promise.all(sent)).map(({ messageId }) => messageId)).size).toBe(3)
    const { id } = await dynamo.events.append({ eventType: 'x' })
    expect(await dynamo.events.get('x', id)).toMatchObject({ id })
    expect(await dynamo.agentState.current('nobody')).toBeUndefined()
    expect((await dynamo.tables.plan()).steps).toEqual([])
    expect((await dynamo.client.send(new ListTablesCommand({ Limit: 1 }))).TableNames).toHaveLength(1)
    await expect.poll(() => dynamo.health()).toMatchObject({ status: 'up' })
    expect((await dynamo.load()).client.config.maxAttempts).toBeDefined()
  })

  it('has the figures of a client before there is one', async () => {
    expect(dynamo.stats()).toEqual({
      sockets: { max: settings.maxSockets, active: 0, waiting: 0 },
      capacity: [],
      eventWriters: { open: 0, pending: 0 },
    })
    await dynamo.events.append({ eventType: 'x' })
    expect(dynamo.stats().capacity).toMatchObject([{ operation: 'PutItem', requests: 1 }])
  })

  it('refuses options that cannot be when it is made, and not when it is used', () => {
    const shards = { users: { all: [{ from: 'tomorrow', shards: 2 }] } }
    expect(() => dynamoOnDemand(settings, { shards })).toThrow(
      expect.objectContaining({ code: 'dynamo.invalid_input', details: { argument: 'shards.users.all' } }),
    )
    expect(() => dynamo.events.writer({ maxPending: 0 })).toThrow(
      expect.objectContaining({ code: 'dynamo.invalid_input' }),
    )
  })

  it('gives up the wait with the reason of the signal', async () => {
    const reason = new Error('gone')
    expect(await rejection(dynamo.events.byType('x', { signal: AbortSignal.abort(reason) }))).toBe(reason)
    const controller = new AbortController()
    const failed = rejection(dynamo.messages.undelivered('r', { signal: controller.signal }))
    controller.abort(reason)
    expect(await failed).toBe(reason)
  })

  it('says in health why it cannot be used', async () => {
    await using nowhere = dynamoOnDemand(testSettings({ endpoint: 'http://127.0.0.1:1', timeoutMs: 200 }))
    expect(await nowhere.health()).toMatchObject({ status: 'down', remedy: expect.stringContaining('127.0.0.1:1') })
  })
})

describe('a writer on demand', () => {
  it('counts what waits, and stores it before it is closed', async () => {
    const writer = dynamo.events.writer()
    const appends = ['a', 'b', 'c'].map((eventType) => writer.append({ eventType }))
    expect(writer.pending).toBe(3)
    expect(await writer.close()).toEqual({ drained: true })
    const [first] = await Promise.all(appends)
    expect(await dynamo.events.get('a', first?.id ?? '')).toBeDefined()
    expect(writer.pending).toBe(0)
    expect(await rejection(writer.append({ eventType: 'x' }))).toMatchObject({ code: 'dynamo.events.writer_closed' })
  })

  it('holds no more than it may, also before there is a client', async () => {
    const writer = dynamo.events.writer({ maxPending: 2 })
    const fates = await Promise.allSettled(['a', 'b', 'c'].map((eventType) => writer.append({ eventType })))
    expect(fates.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
    expect(fates[2]).toMatchObject({ reason: { code: 'dynamo.events.writer_full', details: { pending: 2 } } })
  })

  it('is closed with the client that it waits for', async () => {
    const writer = dynamo.events.writer()
    const appended = writer.append({ eventType: 'x' })
    expect(await dynamo.close()).toEqual({ drained: true })
    await appended
    expect(await rejection(writer.append({ eventType: 'x' }))).toMatchObject({ code: expect.stringMatching(/closed$/) })
  })
})
