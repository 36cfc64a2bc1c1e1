import { ScanCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Dynamo } from '../src/dynamo.js'
import { DynamoCursorError, DynamoInputError } from '../src/errors.js'
import { DAY_MS } from '../src/events/shards.js'
import { createIdSource } from '../src/ids.js'
import { rejection, testClock, testDynamo } from './support.js'

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

async function enqueue(recipient: string, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let n = 0; n < count; n++) {
    const { messageId } = await dynamo.messages.enqueue({ recipient, messageType: 'notification', payload: { n } })
    ids.push(messageId)
  }
  return ids
}

async function undelivered(recipient: string): Promise<string[]> {
  return (await dynamo.messages.undelivered(recipient)).items.map(({ messageId }) => messageId)
}

describe('messages', () => {
  it('reach their recipient in the order of one sender, also within one millisecond and when the clock steps back', async () => {
    const before = await enqueue('ordered', 20)
    clock.ms = NOW - 5000
    const after = await enqueue('ordered', 20)
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
      },
    ])
  })

  it('come again until acknowledged; the first acknowledgement counts, a repeated one does no harm', async () => {
    const ids = await enqueue('ack', 10)
    expect(await undelivered('ack')).toEqual(ids)
    const acknowledge = (id: string) => dynamo.messages.acknowledge('ack', id)
    const half = ids.slice(0, 5)
    expect(await Promise.all([...half, ...half].map(acknowledge))).toEqual(
      expect.arrayContaining([true, true, true, true, true, false, false, false, false, false]),
    )
    expect(await undelivered('ack')).toEqual(ids.slice(5))
    expect(await acknowledge(createIdSource(clock).next())).toBe(false)
  })

  it('leave the index once acknowledged, by an update that names no empty attribute', async () => {
    const ids = await enqueue('sparse', 8)
    for (const id of ids.slice(0, 6)) await dynamo.messages.acknowledge('sparse', id)
    const scan = (index: object) =>
      dynamo.client.send(
        new ScanCommand({
          TableName: table,
          ...index,
          FilterExpression: 'recipient = :r',
          ExpressionAttributeValues: { ':r': { S: 'sparse' } },
        }),
      )
    expect((await scan({ IndexName: 'undelivered' })).Items).toHaveLength(2)
    const delivered = (await scan({})).Items?.filter((item) => item.delivery?.S === 'delivered') ?? []
    expect(delivered).toHaveLength(6)
    for (const item of delivered) {
      expect(item.upk).toBeUndefined()
      expect(item.usk).toBeUndefined()
    }
  })

  it('are read at a cost that does not grow with what was delivered', async () => {
    const units = async (recipient: string): Promise<number | undefined> => {
      const { QueryCommand } = await import('@aws-sdk/client-dynamodb')
      const answer = await dynamo.client.send(
        new QueryCommand({
          TableName: table,
          IndexName: 'undelivered',
          KeyConditionExpression: 'upk = :u',
          ExpressionAttributeValues: { ':u': { S: `$mb#recipient_${recipient}` } },
          ReturnConsumedCapacity: 'TOTAL',
        }),
      )
      return answer.ConsumedCapacity?.CapacityUnits
    }
    await enqueue('few', 3)
    const many = await enqueue('many', 63)
    await Promise.all(many.slice(0, 60).map((id) => dynamo.messages.acknowledge('many', id)))
    expect(await units('many')).toBe(await units('few'))
  })

  it('are stored once under an id of the caller', async () => {
    const messageId = createIdSource(clock).next()
    const message = { recipient: 'once', messageType: 'ping', messageId } as const
    expect(await dynamo.messages.enqueue(message)).toEqual({ messageId, duplicate: false })
    expect(await dynamo.messages.enqueue(message)).toEqual({ messageId, duplicate: true })
    await dynamo.messages.acknowledge('once', messageId)
    expect(await dynamo.messages.enqueue(message)).toEqual({ messageId, duplicate: true })
    expect(await undelivered('once')).toEqual([])
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

  it('expire after 24 hours, before they are deleted too', async () => {
    const old = await enqueue('late', 2)
    clock.ms = NOW + DAY_MS - 1000
    const young = await enqueue('late', 1)
    expect(await undelivered('late')).toEqual([...old, ...young])
    clock.ms = NOW + DAY_MS
    expect(await undelivered('late')).toEqual(young)
  })

  it('keep recipients apart whose names differ in case or hold the marks of keys', async () => {
    const names = ['r', 'R', 'r#messageId_1', '$mb#recipient_r', 'r ', '#', 'é', 'e\u0301']
    for (const recipient of names) await enqueue(recipient, 1)
    for (const recipient of names) {
      expect((await dynamo.messages.undelivered(recipient)).items.map((m) => m.recipient)).toEqual([recipient])
    }
  })

  it('are refused before anything is sent where they cannot be kept', async () => {
    const message = { recipient: 'x', messageType: 'ping' } as const
    for (const wrong of [
      { ...message, recipient: '' },
      { ...message, messageType: 'shout' as 'ping' },
      { ...message, payload: { big: 'x'.repeat(400_000) } },
      { ...message, messageId: 'x' },
      { ...message, messageId: createIdSource(() => NOW - 2 * DAY_MS).next() },
    ]) {
      expect(await rejection(dynamo.messages.enqueue(wrong))).toBeInstanceOf(DynamoInputError)
    }
  })
})
