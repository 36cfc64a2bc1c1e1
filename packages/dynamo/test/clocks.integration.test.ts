import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AgentState } from '../src/agent-state/state.js'
import { createDynamo, type Dynamo, type DynamoOptions } from '../src/dynamo.js'
import { DynamoInputError } from '../src/errors/errors.js'
import type { EventRange } from '../src/events/range.js'
import { DAY_MS } from '../src/events/shards.js'
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
