import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Dynamo } from '../src/dynamo.js'
import { DynamoInputError } from '../src/errors/errors.js'
import { DAY_MS } from '../src/events/shards.js'
import { MessageLeaseLostError, RecipientLeasedError } from '../src/messages/errors.js'
import type { MessageLease } from '../src/messages/lease.js'
import { rejection, testClock, testDynamo } from './support.js'

const NOW = Math.floor(Date.now() / DAY_MS) * DAY_MS + DAY_MS / 2
const clock = testClock(NOW)
let dynamo: Dynamo
beforeAll(async () => {
  dynamo = await testDynamo({ now: clock })
})
beforeEach(() => {
  clock.ms = NOW
})
afterAll(() => dynamo.close())

async function enqueue(recipient: string, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let n = 0; n < count; n++) {
    ids.push((await dynamo.messages.enqueue({ recipient, messageType: 'ping', payload: { n } })).messageId)
  }
  return ids
}

const idsOf = async (lease: MessageLease, limit?: number): Promise<string[]> =>
  (await lease.receive({ limit })).messages.map(({ messageId }) => messageId)

describe('messages.lease', () => {
  it('is of one reader at a time, out of twenty who ask at once', async () => {
    const asked = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => dynamo.messages.lease('one', { connectionId: `c${n}` })),
    )
    const leases = asked.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
    const refused = asked.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as unknown] : []))
    expect(leases).toHaveLength(1)
    for (const error of refused) {
      expect(error).toBeInstanceOf(RecipientLeasedError)
      expect(error).toMatchObject({
        details: { recipient: 'one', connectionId: leases[0]?.connectionId, leasedUntilMs: NOW + 30_000 },
        retryable: true,
        effect: 'none',
      })
    }
  })

  it('goes to the next reader once it is released', async () => {
    const ids = await enqueue('released', 3)
    const first = await dynamo.messages.lease('released', { connectionId: 'c1' })
    expect(await idsOf(first)).toEqual(ids)
    await dynamo.messages.acknowledge('released', ids[0] ?? '')
    await first.release()
    await first.release()
    const second = await dynamo.messages.lease('released', { connectionId: 'c2' })
    expect(await idsOf(second)).toEqual(ids.slice(1))
    expect(await rejection(first.receive())).toBeInstanceOf(MessageLeaseLostError)
    await first.release()
    expect(await dynamo.messages.queue('released')).toMatchObject({ lease: { connectionId: 'c2' } })
  })

  it('expires without a sign of its reader; then delivery begins with the oldest unacknowledged message', async () => {
    const ids = await enqueue('expires', 4)
    const first = await dynamo.messages.lease('expires', { connectionId: 'c1' })
    expect(await idsOf(first)).toEqual(ids)
    for (const id of [ids[0], ids[2]]) await dynamo.messages.acknowledge('expires', id ?? '')
    clock.ms = NOW + 29_999
    expect(await rejection(dynamo.messages.lease('expires', { connectionId: 'c2' }))).toBeInstanceOf(
      RecipientLeasedError,
    )
    clock.ms = NOW + 30_000
    const second = await dynamo.messages.lease('expires', { connectionId: 'c2' })
    expect(await idsOf(second)).toEqual([ids[1], ids[3]])
    expect(await rejection(first.receive())).toBeInstanceOf(MessageLeaseLostError)
  })

  it('lasts as long as its reader receives', async () => {
    const lease = await dynamo.messages.lease('lasts', { connectionId: 'c1' })
    for (let n = 1; n <= 10; n++) {
      clock.ms = NOW + n * 16_000
      expect((await lease.receive()).messages).toEqual([])
    }
    const other = dynamo.messages.lease('lasts', { connectionId: 'c2' })
    expect(await rejection(other)).toBeInstanceOf(RecipientLeasedError)
  })

  it('is taken over by the recipient that connects anew; the old connection gets nothing more', async () => {
    const ids = await enqueue('anew', 3)
    const first = await dynamo.messages.lease('anew', { connectionId: 'c1' })
    expect(await idsOf(first, 2)).toEqual(ids.slice(0, 2))
    const second = await dynamo.messages.lease('anew', { connectionId: 'c2', takeOver: true })
    expect(await rejection(first.receive())).toBeInstanceOf(MessageLeaseLostError)
    expect(await idsOf(second)).toEqual(ids)
    // What the old connection had got through to the recipient counts.
    expect(await dynamo.messages.acknowledge('anew', ids[0] ?? '')).toBe(true)
    expect(await rejection(first.receive())).toMatchObject({ details: { recipient: 'anew', connectionId: 'c1' } })
  })

  it('is not prolonged by a reader that lost it', async () => {
    const first = await dynamo.messages.lease('prolonged', { connectionId: 'c1' })
    await dynamo.messages.lease('prolonged', { connectionId: 'c2', takeOver: true })
    await enqueue('prolonged', 1)
    clock.ms = NOW + 20_000
    expect(await rejection(first.receive())).toBeInstanceOf(MessageLeaseLostError)
    expect((await dynamo.messages.queue('prolonged')).lease).toEqual({
      connectionId: 'c2',
      until: new Date(NOW + 30_000),
    })
  })

  it('gives nothing to a reader that lost it, not even when there is something and no more than a look was needed', async () => {
    const first = await dynamo.messages.lease('fenced', { connectionId: 'c1' })
    await dynamo.messages.lease('fenced', { connectionId: 'c2', takeOver: true })
    await enqueue('fenced', 1)
    expect(await rejection(first.receive())).toBeInstanceOf(MessageLeaseLostError)
  })
})

describe('lease.receive', () => {
  it('gives each message once, in order, in portions', async () => {
    const ids = await enqueue('portions', 25)
    const lease = await dynamo.messages.lease('portions', { connectionId: 'c' })
    expect(await idsOf(lease, 10)).toEqual(ids.slice(0, 10))
    await dynamo.messages.acknowledge('portions', ids[3] ?? '')
    expect(await idsOf(lease, 10)).toEqual(ids.slice(10, 20))
    expect(await idsOf(lease, 10)).toEqual(ids.slice(20))
    expect(await idsOf(lease, 10)).toEqual([])
    const more = await enqueue('portions', 2)
    expect(await idsOf(lease, 10)).toEqual(more)
  })

  it('counts what expired undelivered, once', async () => {
    const old = await enqueue('late', 3)
    const lease = await dynamo.messages.lease('late', { connectionId: 'c' })
    expect(await idsOf(lease, 1)).toEqual(old.slice(0, 1))
    await dynamo.messages.acknowledge('late', old[0] ?? '')
    clock.ms = NOW + DAY_MS - 1
    const young = await enqueue('late', 2)
    expect(await lease.receive()).toMatchObject({ messages: [{}, {}, {}, {}], expired: 0 })
    clock.ms = NOW + DAY_MS
    expect(await lease.receive()).toEqual({ messages: [], expired: 2 })
    expect(await lease.receive()).toEqual({ messages: [], expired: 0 })
    expect(await dynamo.messages.queue('late')).toMatchObject({ expired: 2 })
    await lease.release()
    await using next = await dynamo.messages.lease('late', { connectionId: 'd' })
    expect(await next.receive()).toMatchObject({ messages: young.map((messageId) => ({ messageId })), expired: 0 })
    clock.ms = NOW + 2 * DAY_MS
    expect(await next.receive()).toEqual({ messages: [], expired: 2 })
    expect(await dynamo.messages.queue('late')).toMatchObject({ expired: 4 })
  })

  it('tells a later reader of what a lost one was not told', async () => {
    await enqueue('untold', 2)
    clock.ms = NOW + DAY_MS
    await using lease = await dynamo.messages.lease('untold', { connectionId: 'c' })
    expect(await lease.receive()).toEqual({ messages: [], expired: 2 })
  })

  it('does not read again what has expired and been counted', async () => {
    await enqueue('counted', 10)
    clock.ms = NOW + DAY_MS
    await using lease = await dynamo.messages.lease('counted', { connectionId: 'c' })
    await lease.receive()
    const [fresh] = await enqueue('counted', 1)
    expect(await idsOf(lease, 1)).toEqual([fresh])
  })

  it('gives nothing twice to calls at once, which take their turns', async () => {
    const ids = await enqueue('turns', 6)
    const lease = await dynamo.messages.lease('turns', { connectionId: 'c' })
    const portions = await Promise.all([idsOf(lease, 2), idsOf(lease, 2), idsOf(lease, 2)])
    expect(portions.flat()).toEqual(ids)
  })

  it('gives large messages in answers of about 1 MB, whatever the limit', async () => {
    const payload = { text: 'x'.repeat(300_000) }
    for (let n = 0; n < 6; n++) await dynamo.messages.enqueue({ recipient: 'large', messageType: 'ping', payload })
    const lease = await dynamo.messages.lease('large', { connectionId: 'c' })
    const first = await idsOf(lease)
    expect(first.length).toBeLessThan(6)
    expect([...first, ...(await idsOf(lease))]).toHaveLength(6)
  })

  it('refuses a limit or a connection that cannot be', async () => {
    const lease = await dynamo.messages.lease('limits', { connectionId: 'c' })
    expect(await rejection(lease.receive({ limit: 0 }))).toBeInstanceOf(DynamoInputError)
    expect(await rejection(dynamo.messages.lease('limits', { connectionId: '' }))).toBeInstanceOf(DynamoInputError)
    expect(await rejection(testDynamo({ messages: { leaseMs: 1 } }))).toBeInstanceOf(DynamoInputError)
    expect(await rejection(testDynamo({ messages: { maxQueued: 0 } }))).toBeInstanceOf(DynamoInputError)
  })
})
