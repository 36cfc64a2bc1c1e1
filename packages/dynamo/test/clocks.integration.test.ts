import { DeleteItemCommand, GetItemCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AgentState } from '../src/agent-state/state.js'
import { createDynamo, type Dynamo } from '../src/dynamo.js'
import { DynamoInputError } from '../src/errors/errors.js'
import type { EventRange } from '../src/events/range.js'
import { DAY_MS } from '../src/events/shards.js'
import type { DynamoOptions } from '../src/options.js'
import { rejection, sharedDynamo, testClock, testSettings } from './support.js'

const HOUR_MS = 3_600_000
const open: Dynamo[] = []

/** A process of its own on the tables of this file. */
async function processWith(options: DynamoOptions): Promise<Dynamo> {
  const dynamo = await sharedDynamo({}, options)
  open.push(dynamo)
  return dynamo
}

/** A clock that is wrong by `skew`. */
function skewedClock(skew: number): (() => number) & { skew: number } {
  const clock = Object.assign(() => Date.now() + clock.skew, { skew })
  return clock
}

let right: Dynamo
beforeAll(async () => {
  right = await processWith({})
})
afterAll(async () => {
  for (const dynamo of open) await dynamo.close()
})

describe.each([
  ['an hour', HOUR_MS],
  ['two days', 2 * DAY_MS],
  ['two hundred days', 200 * DAY_MS],
])('events, when a clock that was %s ahead is set right,', (name, ahead) => {
  it('are appended at the right time, and none is hidden from whoever asks without an end', async () => {
    const clock = skewedClock(ahead)
    const dynamo = await processWith({ now: clock })
    const event = { eventType: `t ${name}`, userId: `u ${name}`, repositoryId: `r ${name}` }
    const ids = [(await dynamo.events.append(event)).id]
    const unsent = (await dynamo.events.append({ ...event, eventType: 'other' })).id
    clock.skew = 0
    const writer = dynamo.events.writer()
    ids.push((await dynamo.events.append(event)).id)
    ids.push((await writer.append(event)).id)
    ids.push(...(await dynamo.events.appendMany([event])).ids)
    // What was made before the step, and is appended again after it.
    expect(await dynamo.events.append({ ...event, eventType: 'other', id: unsent })).toEqual({
      id: unsent,
      duplicate: true,
    })

    const inOrder = [...ids].sort()
    // By type a day without events costs a query for each shard.
    const range: EventRange = { order: 'asc', from: new Date(Date.now() - HOUR_MS) }
    expect((await dynamo.events.byType(event.eventType, range)).items.map(({ id }) => id)).toEqual(inOrder)
    for (const reader of [dynamo, right]) {
      const { items } = await reader.events.byRepository(event.repositoryId, range)
      expect(items.filter(({ eventType }) => eventType !== 'other').map(({ id }) => id)).toEqual(inOrder)
      expect((await reader.events.byUser(event.userId)).items).toHaveLength(5)
    }
    for (const id of ids.slice(1)) {
      const stored = await right.events.get(event.eventType, id)
      expect(Math.abs(Number(stored?.occurredAt) - Date.now())).toBeLessThan(61_000)
      expect(Math.abs(Number(stored?.writtenAt) - Date.now())).toBeLessThan(61_000)
    }
  })
})

describe.each([
  ['by transactions', true],
  ['in steps', false],
])("an agent's history, %s,", (name, transactions) => {
  it.each([
    ['an hour', HOUR_MS],
    ['three days', 3 * DAY_MS],
  ])(
    'has what was saved between two moments, although versions go on from a clock that was %s ahead',
    async (far, ahead) => {
      const clock = testClock(Date.now())
      const start = clock.ms
      const dynamo = await sharedDynamo({ transactions }, { now: clock })
      open.push(dynamo)
      const agentId = `${name} ${far}`
      const saved: AgentState[] = []
      const save = async (): Promise<void> => {
        const expectedVersion = saved.at(-1)?.version ?? 0
        saved.push(
          await dynamo.agentState.save({ agentId, status: 'running', progress: saved.length, expectedVersion }),
        )
      }
      await save()
      clock.ms = start + ahead
      await save()
      for (let minute = 1; minute <= 4; minute++) {
        clock.ms = start + minute * 60_000
        await save()
      }
      clock.ms = start + ahead + HOUR_MS
      await save()

      const times = [0, ahead, 60_000, 120_000, 180_000, 240_000, ahead + HOUR_MS].map((ms) => start + ms)
      expect(saved.map(({ updatedAt }) => updatedAt.getTime())).toEqual(times)
      expect([...saved].sort((a, b) => a.version - b.version)).toEqual(saved)
      for (const [from, to] of [
        [start, start + 120_001],
        [start + 60_000, start + 240_000],
        [start + ahead, start + ahead + 1],
        [start + 240_000, start + ahead],
        [start + ahead + 1, start + 10 * ahead],
        [0, start + 1],
      ] as const) {
        const within = saved.filter(({ updatedAt }) => updatedAt.getTime() >= from && updatedAt.getTime() < to)
        const range = { from: new Date(from), to: new Date(to) }
        expect((await dynamo.agentState.history(agentId, { ...range, order: 'asc' })).items).toEqual(within)
        const pages: AgentState[] = []
        for (let cursor: string | undefined; ; ) {
          const page = await dynamo.agentState.history(agentId, { ...range, limit: 2, cursor })
          pages.push(...page.items)
          cursor = page.cursor
          if (cursor === undefined) break
        }
        expect(pages).toEqual([...within].reverse())
      }
    },
  )

  it("keeps a state for its time that a process saved whose clock is behind by more, and follows another's version", async () => {
    const behind = await sharedDynamo({ transactions }, { now: skewedClock(-40 * DAY_MS) })
    open.push(behind)
    const agentId = `${name} behind`
    const { version } = await right.agentState.save({ agentId, status: 'running', expectedVersion: 0 })
    const ended = await behind.agentState.save({ agentId, status: 'completed', expectedVersion: version })
    expect(ended.version).toBe(version + 1)
    expect(await right.agentState.current(agentId)).toEqual(ended)
    expect((await right.agentState.history(agentId)).items).toHaveLength(2)
  })
})

describe('a lease', () => {
  /** Time goes by for all, as the test says; each process has a clock of its own. */
  const time = { ms: Date.now() }
  const clockOf = (skew = 0): (() => number) & { skew: number } => {
    const clock = Object.assign(() => time.ms + clock.skew, { skew })
    return clock
  }
  const leaseAs = (by: Dynamo, recipient: string, connectionId: string) =>
    by.messages.lease(recipient, { connectionId })
  const isRefused = async (lease: Promise<unknown>): Promise<void> => {
    expect(await rejection(lease)).toMatchObject({ code: 'dynamo.messages.leased' })
  }

  it.each([-DAY_MS, -20_000, HOUR_MS])(
    'stays with the reader who polls and whose clock is set by %d ms, and gives what comes',
    async (step) => {
      const clock = clockOf()
      const [a, b] = [await processWith({ now: clock }), await processWith({ now: clockOf() })]
      const recipient = `polls ${step}`
      const lease = await leaseAs(a, recipient, 'a')
      clock.skew = step
      for (let second = 1; second <= 47; second++) {
        time.ms += 1000
        await lease.receive()
        if (second % 8 === 7) await isRefused(leaseAs(b, recipient, 'b'))
      }
      await a.messages.enqueue({ recipient, messageType: 'ping' })
      expect((await lease.receive()).messages).toHaveLength(1)
    },
  )

  it.each([-3 * DAY_MS, -60_000, 60_000, HOUR_MS, 3 * DAY_MS])(
    'is neither taken by a process whose clock is wrong by %d ms, nor kept from the others by it after its end',
    async (skew) => {
      const recipient = `wrong ${skew}`
      const [a, b] = [await processWith({ now: clockOf() }), await processWith({ now: clockOf() })]
      const wrong = await processWith({ now: clockOf(skew) })
      const lease = await leaseAs(a, recipient, 'a')
      await isRefused(leaseAs(wrong, recipient, 'w'))
      expect(await lease.receive()).toEqual({ messages: [], expired: 0 })
      await lease.release()
      await leaseAs(wrong, recipient, 'w')
      await isRefused(leaseAs(b, recipient, 'b'))
      // It dies.
      time.ms += 600_000
      await using next = await leaseAs(b, recipient, 'b')
      expect(next.connectionId).toBe('b')
    },
  )

  it('goes to the next reader after its time, also where the clocks of both differ', async () => {
    for (const skew of [-HOUR_MS, 0, HOUR_MS]) {
      const recipient = `next ${skew}`
      const [a, b] = [await processWith({ now: clockOf() }), await processWith({ now: clockOf(skew) })]
      await leaseAs(a, recipient, 'a')
      let asked = 0
      for (; asked < 70; asked++) {
        const got = await leaseAs(b, recipient, 'b').catch(() => undefined)
        if (got) break
        time.ms += 1000
      }
      expect(asked).toBeGreaterThan(25)
      expect(asked).toBeLessThan(65)
    }
  })
})

describe('messages', () => {
  const enqueue = async (by: Dynamo, recipient: string, count: number) => {
    const sent: { readonly messageId: string }[] = []
    for (let n = 0; n < count; n++) sent.push(await by.messages.enqueue({ recipient, messageType: 'ping' }))
    return sent
  }

  it('that a clock which was ahead counted as expired are delivered all the same, and counted no more', async () => {
    const clock = skewedClock(0)
    const reader = await processWith({ now: clock })
    const recipient = 'counted'
    const ids = (await enqueue(right, recipient, 5)).map(({ messageId }) => messageId)
    const lease = await reader.messages.lease(recipient, { connectionId: 'c' })
    clock.skew = 2 * DAY_MS
    expect(await lease.receive()).toEqual({ messages: [], expired: 5 })
    expect(await right.messages.queue(recipient)).toMatchObject({ expired: 0 })
    clock.skew = 0
    const { messages } = await lease.receive({ limit: 2 })
    expect(messages.map(({ messageId }) => messageId)).toEqual(ids.slice(0, 2))
    clock.skew = 2 * DAY_MS
    await lease.receive()
    await lease.release()
    await using next = await right.messages.lease(recipient, { connectionId: 'd' })
    expect((await next.receive()).messages.map(({ messageId }) => messageId)).toEqual(ids)
    expect(await right.messages.queue(recipient)).toMatchObject({ expired: 0 })
  })

  it('that a sender whose clock is ahead counted, to make room in a full queue, are delivered', async () => {
    const recipient = 'room'
    const ahead = await sharedDynamo({}, { now: skewedClock(2 * DAY_MS), messages: { maxQueued: 3 } })
    open.push(ahead)
    const small = await sharedDynamo({}, { messages: { maxQueued: 3 } })
    open.push(small)
    const ids = (await enqueue(small, recipient, 3)).map(({ messageId }) => messageId)
    ids.push(...(await enqueue(ahead, recipient, 1)).map(({ messageId }) => messageId))
    await using lease = await small.messages.lease(recipient, { connectionId: 'd' })
    const { messages, expired } = await lease.receive()
    expect([messages.map(({ messageId }) => messageId), expired]).toEqual([ids, 0])
  })

  it('do not lose their queue to a sender whose clock is behind', async () => {
    const recipient = 'behind'
    const behind = await processWith({ now: skewedClock(-30 * DAY_MS) })
    const table = (await right.tables.status()).tables[2]?.table
    const Key = { pk: { S: `$mb#recipient_${recipient}` }, sk: { S: '$queue_1' } }
    const storedTtl = async (): Promise<number> =>
      Number((await right.client.send(new GetItemCommand({ TableName: table, Key }))).Item?.['ttl']?.N)
    await enqueue(right, recipient, 1)
    const before = await storedTtl()
    await enqueue(behind, recipient, 1)
    await using lease = await behind.messages.lease(recipient, { connectionId: 'c' })
    await lease.receive()
    expect(await storedTtl()).toBe(before)
  })

  it('are not put over others by a queue that was lost and begins anew below them', async () => {
    const recipient = 'anew'
    const ids = (await enqueue(right, recipient, 3)).map(({ messageId }) => messageId)
    const table = (await right.tables.status()).tables[2]?.table
    const Key = { pk: { S: `$mb#recipient_${recipient}` }, sk: { S: '$queue_1' } }
    for (const transactions of [true, false]) {
      await right.client.send(new DeleteItemCommand({ TableName: table, Key }))
      const start = Number(ids[0]) / 1000
      const behind = await sharedDynamo({ transactions }, { now: () => Math.floor(start) })
      open.push(behind)
      ids.push((await enqueue(behind, recipient, 1))[0]?.messageId ?? '')
    }
    const { items } = await right.messages.undelivered(recipient)
    expect(items.map(({ messageId }) => messageId)).toEqual(ids)
  })
})

describe('a clock', () => {
  it.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, -Date.now() * 2])(
    'is refused at once when it is off by %d: of a fraction no id can be made that is found again',
    (off) => {
      expect(() => createDynamo(testSettings(), { now: () => Date.now() + off })).toThrow(DynamoInputError)
    },
  )

  it('is refused by each write when it gives fractions later, and nothing is sent', async () => {
    const clock = testClock(Date.now())
    const dynamo = await processWith({ now: clock })
    clock.ms += 0.25
    const writes = [
      dynamo.events.append({ eventType: 'x' }),
      dynamo.events.appendMany([{ eventType: 'x' }]),
      dynamo.events.writer().append({ eventType: 'x' }),
      dynamo.agentState.save({ agentId: 'fraction', status: 'pending', expectedVersion: 0 }),
      dynamo.messages.enqueue({ recipient: 'fraction', messageType: 'ping' }),
      dynamo.messages.lease('fraction', { connectionId: 'c' }),
    ]
    for (const write of writes) {
      expect(await rejection(write)).toMatchObject({ code: 'dynamo.invalid_input', details: { argument: 'now' } })
    }
    expect(dynamo.stats().capacity).toEqual([])
  })
})
