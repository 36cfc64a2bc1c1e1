import { Budget } from '@miyabi/testing'
import { describe, expect, it } from 'vitest'
import type { Dynamo } from '../src/dynamo.js'
import type { StoredEvent } from '../src/events/event.js'
import type { EventRange } from '../src/events/range.js'
import { DAY_MS, dayOf, type ShardPlan } from '../src/events/shards.js'
import type { Page } from '../src/items/page.js'
import { testClock, testDynamo } from './support.js'

const LONG = process.env['MIYABI_TEST_LONG'] === '1'
const WINDOWS = { name: 'windows of events', short: 12, longSeconds: 120 }
const APPENDED = { name: 'windows while events are appended', short: 4, longSeconds: 60 }
const NOW = Math.floor(Date.now() / DAY_MS) * DAY_MS + DAY_MS / 2
const DAYS = 6

/** Where the choices of the test under way come from. */
let choose = Math.random
const random = (n: number): number => Math.floor(choose() * n)
const pick = <T>(values: readonly T[]): T => values[random(values.length)] as T
const names = ['ann', 'bob', 'cid#1'] as const

interface OracleEvent {
  readonly id: string
  readonly eventType: string
  readonly userId: string
  readonly repositoryId: string
  readonly ms: number
}

/** Appends events of random times, and keeps them in a plain array beside. */
async function append(dynamo: Dynamo, oracle: OracleEvent[], count: number): Promise<void> {
  const events = Array.from({ length: count }, () => ({
    eventType: pick(names),
    userId: pick(names),
    repositoryId: pick(names),
    // Some share a millisecond.
    occurredAt: new Date(NOW - random(DAYS * 24 * 60) * 60_000),
  }))
  const { ids } = await dynamo.events.appendMany(events)
  oracle.push(
    ...events.map(({ occurredAt, ...event }, i) => ({ ...event, id: ids[i] ?? '', ms: occurredAt.getTime() })),
  )
}

const questions = [
  ['eventType', (dynamo: Dynamo, name: string, range: EventRange) => dynamo.events.byType(name, range)],
  ['userId', (dynamo: Dynamo, name: string, range: EventRange) => dynamo.events.byUser(name, range)],
  ['repositoryId', (dynamo: Dynamo, name: string, range: EventRange) => dynamo.events.byRepository(name, range)],
] as const

/** A question of a random kind about a random subject in a random window, with the oracle's answer. */
function ask(oracle: readonly OracleEvent[]) {
  const [attribute, read] = pick(questions)
  const name = pick(names)
  const [from = NOW, to = NOW] = [NOW - random(7 * DAY_MS), NOW + DAY_MS / 4 - random(7 * DAY_MS)].sort((a, b) => a - b)
  const order = pick(['asc', 'desc'] as const)
  const range = { from: new Date(from), to: new Date(to), order, limit: 1 + random(90) }
  const answer = (): string[] => {
    const ids = oracle
      .filter((event) => event[attribute] === name && event.ms >= from && event.ms < to)
      .map(({ id }) => id)
      .sort()
    return order === 'asc' ? ids : ids.reverse()
  }
  const page = (dynamo: Dynamo, cursor?: string): Promise<Page<StoredEvent>> => read(dynamo, name, { ...range, cursor })
  return { range, answer, page, isBefore: (a: string, b: string) => (order === 'asc' ? a < b : a > b) }
}

/** Numbers that change at the beginning of days, up and down, for all keys and for single ones. */
const first = dayOf(NOW - 5 * DAY_MS)
const second = dayOf(NOW - 2 * DAY_MS)
const third = dayOf(NOW)
const plans: readonly ShardPlan[] = [
  {},
  {
    types: {
      all: [{ from: second, shards: 2 }],
      named: {
        bob: [
          { from: first, shards: 7 },
          { from: third, shards: 3 },
        ],
      },
    },
    users: {
      all: [
        { from: first, shards: 3 },
        { from: second, shards: 1 },
      ],
      named: { 'cid#1': [{ from: second, shards: 5 }] },
    },
    repositories: {
      named: {
        ann: [
          { from: second, shards: 4 },
          { from: third, shards: 2 },
        ],
      },
    },
  },
]

describe('reading events equals a plain array', () => {
  it.each(
    plans.map((plan, index) => [index === 0 ? 'with the default plan' : 'across changes of shards', plan] as const),
  )(
    '%s, in random windows, orders and page sizes',
    { timeout: new Budget(WINDOWS).timeoutMs },
    async (name, shards) => {
      await using dynamo = await testDynamo({ now: testClock(NOW), shards })
      const oracle: OracleEvent[] = []
      await append(dynamo, oracle, LONG ? 5000 : 250)
      using budget = new Budget({ ...WINDOWS, name: `${WINDOWS.name} ${name}` })
      choose = () => budget.random()
      while (budget.next()) {
        const { range, answer, page } = ask(oracle)
        const read: string[] = []
        for (let cursor: string | undefined; ; ) {
          const { items, cursor: next } = await page(dynamo, cursor)
          read.push(...items.map(({ id }) => id))
          if (next === undefined) break
          expect(items).toHaveLength(range.limit)
          cursor = next
        }
        expect(read).toEqual(answer())
      }
    },
  )

  it('while events are appended between pages: none twice, none missed that lies ahead', {
    timeout: new Budget(APPENDED).timeoutMs,
  }, async () => {
    await using dynamo = await testDynamo({ now: testClock(NOW), shards: plans[1] })
    const oracle: OracleEvent[] = []
    await append(dynamo, oracle, 200)
    using budget = new Budget(APPENDED)
    choose = () => budget.random()
    while (budget.next()) {
      const { answer, page, isBefore, range } = ask(oracle)
      let expected = answer()
      const read: string[] = []
      for (let cursor: string | undefined, pages = 0; ; pages++) {
        const { items, cursor: next } = await page(dynamo, cursor)
        read.push(...items.map(({ id }) => id))
        if (next === undefined) break
        cursor = next
        if (pages > 3) continue
        await append(dynamo, oracle, 10)
        const last = read.at(-1) ?? ''
        // What was appended behind the place reached is not for this reader; what lies ahead is.
        expected = answer().filter((id) => read.includes(id) || isBefore(last, id))
      }
      expect(read, `limit ${range.limit}`).toEqual(expected)
    }
  })

  it('after a step was added: events stay where they are, and are found', async () => {
    const before = await testDynamo({ now: testClock(NOW) })
    const oracle: OracleEvent[] = []
    await append(before, oracle, 150)
    const { tables } = await before.tables.status()
    const tablePrefix = tables[0]?.table.replace('MiyabiEvents', '') ?? ''
    await using after = await testDynamo({
      now: testClock(NOW + DAY_MS),
      settings: { tablePrefix },
      shards: {
        types: { named: { ann: [{ from: dayOf(NOW + DAY_MS), shards: 9 }] } },
        users: { all: [{ from: dayOf(NOW + DAY_MS), shards: 6 }] },
        repositories: { named: { bob: [{ from: dayOf(NOW + DAY_MS), shards: 5 }] } },
      },
    })
    for (const name of names) {
      for (const [attribute, read] of questions) {
        const { items } = await read(after, name, { limit: 1000, order: 'asc', from: new Date(NOW - DAYS * DAY_MS) })
        const expected = oracle.filter((event) => event[attribute] === name).map(({ id }) => id)
        expect(items.map(({ id }) => id)).toEqual(expected.sort())
      }
    }
    for (const { eventType, id } of oracle.slice(0, 10)) expect((await after.events.get(eventType, id))?.id).toBe(id)
    await before.close()
  })
})
