import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Dynamo } from '../src/dynamo.js'
import type { NewEvent } from '../src/events/event.js'
import { DAY_MS } from '../src/events/shards.js'
import { rejection, testDynamo } from './support.js'
import { type Units, unitsOf } from './units.js'

const text = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
/** Its lines joined. */
const readme = text.replace(/\s+/g, ' ')

let dynamo: Dynamo
beforeAll(async () => {
  dynamo = await testDynamo()
})
afterAll(() => dynamo.close())

const units = (work: () => Promise<unknown>): Promise<Units> => unitsOf(dynamo, work)
const reads = (count: number, refused = 0): Units => ({ reads: count, writes: 0, refused })
const writes = (count: number, refused = 0): Units => ({ reads: 0, writes: count, refused })

/** Requests so far of one operation. */
function requests(operation: string): number {
  const uses = dynamo.stats().capacity.filter((use) => use.operation === operation && use.index === undefined)
  return uses.reduce((sum, use) => sum + use.requests, 0)
}

/** A test named as the README says it: whoever changes one of the two has to change the other. */
function costs(says: string, measure: () => Promise<void>): void {
  it(says, async () => {
    expect(readme).toContain(says)
    await measure()
  })
}

const ofUser = (userId: string, count: number, text = ''): NewEvent[] =>
  Array.from({ length: count }, () => ({ eventType: 'cost', userId, data: { text } }))

it('the README shows each access pattern in three lines at most', () => {
  const [, patterns = ''] = text.split(/^## Access patterns and their costs$/m)
  const blocks = (patterns.split(/^## /m)[0] ?? '').split('```').filter((_, place) => place % 2 === 1)
  expect(blocks.length).toBeGreaterThan(10)
  expect(blocks.filter((block) => block.trim().split('\n').length > 1 + 3)).toEqual([])
})

describe('an event costs', () => {
  costs(
    '**Append an event.** 1 W, and 1 W for each of user and repository that it names. A duplicate: 1 W.',
    async () => {
      const event = { eventType: 'cost', occurredAt: new Date(), idempotencyKey: 'k' }
      expect(await units(() => dynamo.events.append(event))).toEqual(writes(1))
      expect(await units(() => dynamo.events.append(event))).toEqual(writes(1, 1))
      const named = { eventType: 'cost', userId: 'u', repositoryId: 'r' }
      expect(await units(() => dynamo.events.append(named))).toEqual(writes(3))
    },
  )

  costs(
    '**Append many.** The same units, in a twenty-fifth of the requests; an event with a key or an `id` takes one request.',
    async () => {
      const before = requests('BatchWriteItem')
      expect(await units(() => dynamo.events.appendMany(ofUser('many', 50)))).toEqual(writes(100))
      expect(requests('BatchWriteItem') - before).toBe(2)
      const puts = requests('PutItem')
      const keyed = ['a', 'b', 'c'].map((idempotencyKey) => ({
        eventType: 'cost',
        userId: 'keyed',
        occurredAt: new Date(),
        idempotencyKey,
      }))
      expect(await units(() => dynamo.events.appendMany(keyed))).toEqual(writes(6))
      expect(requests('PutItem') - puts).toBe(3)
    },
  )

  costs('**Append from many callers at once.** The same units;', async () => {
    const writer = dynamo.events.writer()
    const before = requests('BatchWriteItem')
    const appends = () => Promise.all(ofUser('callers', 50).map((event) => writer.append(event)))
    expect(await units(appends)).toEqual(writes(100))
    expect(requests('BatchWriteItem') - before).toBe(2)
  })

  costs('Half an R for each 4 KB of events read, at least half an R for each shard;', async () => {
    await dynamo.events.appendMany(ofUser('page', 60, 'x'.repeat(800)))
    const page = await units(() => dynamo.events.byUser('page', { limit: 39 }))
    // One more than asked is read, each a little below 1 KB.
    expect(page).toEqual(reads(5))
    expect(await units(() => dynamo.events.byUser('nobody'))).toEqual(reads(0.5))
    expect(await units(() => dynamo.events.byRepository('none'))).toEqual(reads(0.5))
    const midnight = new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS)
    const today = { from: midnight, to: new Date(midnight.getTime() + DAY_MS) }
    expect(await units(() => dynamo.events.byType('none', today))).toEqual(reads(2))
  })

  costs('are 368 queries and 184 R with the default of 4 shards', async () => {
    const before = requests('Query')
    expect(await units(() => dynamo.events.byType('none'))).toEqual(reads(184))
    expect(requests('Query') - before).toBe(368)
  })

  costs('**One event.** Half an R.', async () => {
    const { id } = await dynamo.events.append({ eventType: 'one' })
    expect(await units(() => dynamo.events.get('one', id))).toEqual(reads(0.5))
  })
})

describe("an agent's state costs", () => {
  const agentId = 'cost'
  let version = 0
  const save = async (status: 'pending' | 'running' | 'completed'): Promise<void> => {
    version = (await dynamo.agentState.save({ agentId, status, expectedVersion: version })).version
  }

  costs(
    "**Save an agent's state.** 4 W: the current item and a version, in one transaction; if refused, at least 2 W. With an `id`, 6 W.",
    async () => {
      expect(await units(() => save('pending'))).toEqual(writes(4))
      expect(await units(() => save('running'))).toEqual(writes(4))
      const stale = { agentId, status: 'running', expectedVersion: 1 } as const
      expect(await units(() => rejection(dynamo.agentState.save(stale)))).toEqual(writes(2, 1))
      const once = { agentId: 'once', status: 'running', expectedVersion: 0, id: 'i' } as const
      expect(await units(() => dynamo.agentState.save(once))).toEqual(writes(6))
    },
  )

  costs('such as an outbox. 6 W and 1 R; superseded, 1 W and 1 R.', async () => {
    const effect = (position: bigint) => () =>
      dynamo.agentState.saveEffect({
        id: `e${position}`,
        agentId: 'effects',
        status: 'running',
        position,
        at: new Date(),
      })
    expect(await units(effect(2n))).toEqual({ reads: 1, writes: 6, refused: 0 })
    expect(await units(effect(1n))).toEqual({ reads: 1, writes: 1, refused: 0 })
  })

  costs(
    '**The current state.** 1 R, strongly consistent. **Its history.** Half an R for each 4 KB, and half an R if it has an end. **A restart.** 4 W,',
    async () => {
      expect(await units(() => dynamo.agentState.current(agentId))).toEqual(reads(1))
      expect(await units(() => dynamo.agentState.history(agentId))).toEqual(reads(0.5))
      expect(await units(() => dynamo.agentState.history(agentId, { to: new Date() }))).toEqual(reads(1))
      await save('completed')
      expect(await units(() => dynamo.agentState.restart({ agentId, expectedVersion: version }))).toEqual(writes(4))
    },
  )

  costs('a save is 2 W and 1 R in three requests', async () => {
    await using steps = await testDynamo({ settings: { transactions: false } })
    const first = { agentId, status: 'pending', expectedVersion: 0 } as const
    const { version: expectedVersion } = await steps.agentState.save(first)
    const second = () => steps.agentState.save({ agentId, status: 'running', expectedVersion })
    expect(await unitsOf(steps, second)).toEqual({ reads: 1, writes: 2, refused: 0 })
  })
})

describe('a message costs', () => {
  const enqueue = (recipient: string, count = 1, through = dynamo): Promise<string[]> =>
    Promise.all(
      Array.from({ length: count }, async () => {
        return (await through.messages.enqueue({ recipient, messageType: 'ping' })).messageId
      }),
    )
  const acknowledge = async (recipient: string): Promise<void> => {
    const { items } = await dynamo.messages.undelivered(recipient)
    for (const { messageId } of items) await dynamo.messages.acknowledge(recipient, messageId)
  }

  costs(
    "**Enqueue a message.** 3 W: the next number of the recipient's queue, and the message. With an `id`, 5 W and 1 R; repeated, 1 R. Refused by a full queue: 1 W and 1 R.",
    async () => {
      expect(await units(() => enqueue('enqueue', 10))).toEqual(writes(30))
      const once = () => dynamo.messages.enqueue({ recipient: 'once', messageType: 'ping', id: 'i' })
      expect(await units(once)).toEqual({ reads: 1, writes: 5, refused: 0 })
      expect(await units(once)).toEqual(reads(1))
      await using small = await testDynamo({ messages: { maxQueued: 1 } })
      await enqueue('full', 1, small)
      const refused = () => rejection(enqueue('full', 1, small))
      expect(await unitsOf(small, refused)).toEqual({ reads: 1, writes: 1, refused: 1 })
    },
  )

  costs(
    '**Deliver messages.** A lease costs 1 W, also if it is refused, and its release 1 W; taking one over 1 W and 1 R, or 2 W if its reader is gone;',
    async () => {
      await enqueue('leases')
      const lease = () => dynamo.messages.lease('leases', { connectionId: 'c' })
      expect(await units(lease)).toEqual(writes(1))
      expect(await units(() => rejection(lease()))).toEqual(writes(1, 1))
      const takeOver = () => dynamo.messages.lease('leases', { connectionId: 'd', takeOver: true })
      expect(await units(takeOver)).toEqual({ reads: 1, writes: 1, refused: 0 })
      await using other = await takeOver()
      expect(await units(() => other.release())).toEqual(writes(1))
      await using hasty = await testDynamo({ messages: { leaseMs: 100 } })
      await hasty.messages.lease('leases', { connectionId: 'gone' })
      await new Promise((resolve) => setTimeout(resolve, 150))
      const next = () => hasty.messages.lease('leases', { connectionId: 'next' })
      expect(await unitsOf(hasty, next)).toEqual(writes(2, 1))
    },
  )

  costs(
    'a response costs 1 W and 1 R for each 4 KB (2 R in the first of a lease, and if the sequence has a gap: gaps are read twice), 1 R if there is nothing;',
    async () => {
      await using lease = await dynamo.messages.lease('delivery', { connectionId: 'c' })
      await enqueue('delivery', 5)
      const receive = () => units(() => lease.receive())
      expect(await receive()).toEqual({ reads: 2, writes: 1, refused: 0 })
      await acknowledge('delivery')
      await enqueue('delivery', 5)
      expect(await receive()).toEqual({ reads: 1, writes: 1, refused: 0 })
      await acknowledge('delivery')
      expect(await receive()).toEqual(reads(1))
    },
  )

  costs('an acknowledgement costs 1 W, also if it is repeated.', async () => {
    const [id = ''] = await enqueue('acknowledged')
    const acknowledged = () => units(() => dynamo.messages.acknowledge('acknowledged', id))
    expect(await acknowledged()).toEqual(writes(1))
    expect(await acknowledged()).toEqual(writes(1, 1))
  })

  costs(
    '**Inspect a queue**, without a lease. 1 R for each 4 KB of undelivered messages; 2 R for its reader and the number of expired messages.',
    async () => {
      const messages = Array.from({ length: 8 }, () => ({ text: 'x'.repeat(780) }))
      for (const payload of messages) {
        await dynamo.messages.enqueue({ recipient: 'look', messageType: 'ping', payload })
      }
      expect(await units(() => dynamo.messages.undelivered('look'))).toEqual(reads(2))
      expect(await units(() => dynamo.messages.queue('look'))).toEqual(reads(2))
    },
  )
})

describe('the rest costs', () => {
  costs('**Health.** 1.5 R,', async () => {
    expect(await units(() => dynamo.health())).toEqual(reads(1.5))
  })
})
