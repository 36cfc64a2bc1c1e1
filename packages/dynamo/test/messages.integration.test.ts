import { ScanCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Dynamo } from '../src/dynamo.js'
import { DynamoCursorError, DynamoInputError, PayloadTooLargeError } from '../src/errors/errors.js'
import { DAY_MS } from '../src/events/shards.js'
import { ItemShapeError } from '../src/items/schema-version.js'
import { MessageQueueFullError } from '../src/messages/errors.js'
import { rejection, testClock, testDynamo } from './support.js'
import { unitsOf } from './units.js'

// Near the real time: the engine really deletes what has expired.
const NOW = Math.floor(Date.now() / DAY_MS) * DAY_MS + DAY_MS / 2
const clock = testClock(NOW)
let dynamo: Dynamo
let table: string | undefined
beforeAll(async () => {
  dynamo = await testDynamo({ now: clock })
  table = (await dynamo.tables.status()).tables[2]?.table
})
beforeEach(() => {
  clock.ms = NOW
})
afterAll(() => dynamo.close())

async function enqueue(recipient: string, count: number, through = dynamo): Promise<string[]> {
  const ids: string[] = []
  for (let n = 0; n < count; n++) {
    const { messageId } = await through.messages.enqueue({ recipient, messageType: 'notification', payload: { n } })
    ids.push(messageId)
  }
  return ids
}

async function undelivered(recipient: string): Promise<string[]> {
  return (await dynamo.messages.undelivered(recipient)).items.map(({ messageId }) => messageId)
}

describe('messages', () => {
  it('are in the order of one sender, also when it goes on elsewhere where the clock is behind', async () => {
    const before = await enqueue('ordered', 20)
    clock.ms = NOW - 5000
    await using elsewhere = await testDynamo({ now: clock, settings: { tablePrefix: tablePrefixOf(table) } })
    const after = await enqueue('ordered', 20, elsewhere)
    expect(await undelivered('ordered')).toEqual([...before, ...after])
  })

  it('carry what was enqueued', async () => {
    const { messageId } = await dynamo.messages.enqueue({
      recipient: 'carry',
      messageType: 'execution_update',
      payload: { progress: 10 },
      connectionId: 'c1',
    })
    expect((await dynamo.messages.undelivered('carry')).items).toEqual([
      {
        messageId,
        recipient: 'carry',
        messageType: 'execution_update',
        payload: { progress: 10 },
        connectionId: 'c1',
        enqueuedAt: new Date(NOW),
        expiresAt: new Date(NOW + DAY_MS),
      },
    ])
  })

  it('carry what was given, whatever becomes of the object afterwards', async () => {
    const payload = { n: 1 }
    const enqueued = dynamo.messages.enqueue({ recipient: 'given', messageType: 'ping', payload })
    payload.n = 2
    await enqueued
    expect((await dynamo.messages.undelivered('given')).items[0]?.payload).toEqual({ n: 1 })
  })

  it('are all kept when they are enqueued at once', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => enqueue('burst', 1)))
    expect(new Set(answers.flat()).size).toBe(100)
    expect((await dynamo.messages.undelivered('burst', { limit: 1000 })).items).toHaveLength(100)
  })

  it('stay until acknowledged; the first acknowledgement counts, a repeated one does no harm', async () => {
    const ids = await enqueue('ack', 10)
    expect(await undelivered('ack')).toEqual(ids)
    const acknowledge = (id: string) => dynamo.messages.acknowledge('ack', id)
    const half = ids.slice(0, 5)
    const answers = await Promise.all([...half, ...half].map(acknowledge))
    expect(answers.filter(Boolean)).toHaveLength(5)
    expect(await undelivered('ack')).toEqual(ids.slice(5))
    expect(await acknowledge('0000000000000001')).toBe(false)
    expect(await rejection(acknowledge('x'))).toBeInstanceOf(DynamoInputError)
  })

  it('leave nothing behind once acknowledged: the partition holds what is undelivered and the queue', async () => {
    const ids = await enqueue('sparse', 8)
    for (const id of ids.slice(0, 6)) await dynamo.messages.acknowledge('sparse', id)
    const scan = new ScanCommand({
      TableName: table,
      FilterExpression: 'recipient = :r',
      ExpressionAttributeValues: { ':r': { S: 'sparse' } },
    })
    const keys = (await dynamo.client.send(scan)).Items?.map(({ sk }) => sk?.S) ?? []
    expect(keys.sort()).toEqual([...ids.slice(6).map((id) => `$msg_1#sequence_${id}`), '$queue_1'])
  })

  it('come in pages that are bound to their recipient', async () => {
    const ids = await enqueue('paged', 25)
    const first = await dynamo.messages.undelivered('paged', { limit: 10 })
    const second = await dynamo.messages.undelivered('paged', { limit: 10, cursor: first.cursor })
    const third = await dynamo.messages.undelivered('paged', { limit: 10, cursor: second.cursor })
    expect([first, second, third].flatMap(({ items }) => items.map(({ messageId }) => messageId))).toEqual(ids)
    expect(third.cursor).toBeUndefined()
    const foreign = dynamo.messages.undelivered('ack', { cursor: first.cursor })
    expect(await rejection(foreign)).toBeInstanceOf(DynamoCursorError)
  })

  it('keep recipients apart whose names differ in case or hold the marks of keys', async () => {
    const names = ['r', 'R', 'r#sequence_1', '$mb#recipient_r', 'r ', '#', 'é', 'e\u0301']
    for (const recipient of names) await enqueue(recipient, 1)
    for (const recipient of names) {
      expect((await dynamo.messages.undelivered(recipient)).items.map((m) => m.recipient)).toEqual([recipient])
    }
  })

  it('are refused before anything is sent where they cannot be kept', async () => {
    const message = { recipient: 'x', messageType: 'ping' } as const
    const refused = (wrong: Parameters<Dynamo['messages']['enqueue']>[0]) => rejection(dynamo.messages.enqueue(wrong))
    expect(
      await unitsOf(dynamo, async () => {
        expect(await refused({ ...message, recipient: '' })).toBeInstanceOf(DynamoInputError)
        expect(await refused({ ...message, messageType: 'shout' as 'ping' })).toBeInstanceOf(DynamoInputError)
        const large = await refused({ ...message, payload: { big: 'x'.repeat(400_000) } })
        expect(large).toBeInstanceOf(PayloadTooLargeError)
        expect(large).toMatchObject({ details: { argument: 'payload', bytes: 400_007, maxBytes: 380 * 1024 } })
      }),
    ).toEqual({ reads: 0, writes: 0, refused: 0 })
  })

  it('of a newer release are refused instead of misread', async () => {
    const [id] = await enqueue('newer', 1)
    await dynamo.client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: { pk: { S: '$mb#recipient_newer' }, sk: { S: `$msg_1#sequence_${id}` } },
        UpdateExpression: 'SET schemaVersion = :v',
        ExpressionAttributeValues: { ':v': { N: '9' } },
      }),
    )
    expect(await rejection(dynamo.messages.undelivered('newer'))).toBeInstanceOf(ItemShapeError)
  })
})

describe('a full queue', () => {
  it('refuses more, until its oldest message is acknowledged', async () => {
    await using small = await testDynamo({ now: clock, messages: { maxQueued: 5 } })
    const ids = await enqueue('full', 5, small)
    const message = { recipient: 'full', messageType: 'ping' } as const
    const error = await rejection(small.messages.enqueue(message))
    expect(error).toBeInstanceOf(MessageQueueFullError)
    expect(error).toMatchObject({ effect: 'none', details: { recipient: 'full', maxQueued: 5 } })
    expect((await small.messages.undelivered('full')).items).toHaveLength(5)

    await small.messages.acknowledge('full', ids[2] ?? '')
    expect(await rejection(small.messages.enqueue(message))).toBeInstanceOf(MessageQueueFullError)
    await small.messages.acknowledge('full', ids[0] ?? '')
    await small.messages.enqueue(message)
    expect(await rejection(small.messages.enqueue(message))).toBeInstanceOf(MessageQueueFullError)
    for (const id of ids) await small.messages.acknowledge('full', id)
    await enqueue('full', 4, small)
    expect((await small.messages.undelivered('full')).items).toHaveLength(5)
  })

  it('makes room by what has expired, and counts it', async () => {
    await using small = await testDynamo({ now: clock, messages: { maxQueued: 3 } })
    await enqueue('gone', 3, small)
    clock.ms = NOW + DAY_MS
    await enqueue('gone', 3, small)
    expect(await rejection(enqueue('gone', 1, small))).toBeInstanceOf(MessageQueueFullError)
    expect(await small.messages.queue('gone')).toEqual({ expired: 3 })
    await using lease = await small.messages.lease('gone', { connectionId: 'c' })
    const { messages, expired } = await lease.receive()
    expect(messages).toHaveLength(3)
    expect(expired).toBe(3)
  })
})

describe('what it costs', () => {
  it('a read of the undelivered does not grow with what was delivered', async () => {
    await enqueue('few', 3)
    const many = await enqueue('many', 43)
    await Promise.all(many.slice(0, 40).map((id) => dynamo.messages.acknowledge('many', id)))
    const read = (recipient: string) => () => dynamo.messages.undelivered(recipient)
    expect(await unitsOf(dynamo, read('few'))).toEqual({ reads: 1, writes: 0, refused: 0 })
    expect(await unitsOf(dynamo, read('many'))).toEqual({ reads: 1, writes: 0, refused: 0 })
  })
})

/** The prefix under which a table of messages was made. */
const tablePrefixOf = (name = ''): string => name.slice(0, -'MiyabiWebSocketMessages'.length)
