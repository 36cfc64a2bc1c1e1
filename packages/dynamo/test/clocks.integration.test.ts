import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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
