import { ScanCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDynamo, type Dynamo } from '../src/dynamo.js'
import { DynamoCursorError, DynamoInputError, PayloadTooLargeError } from '../src/errors/errors.js'
import type { NewEvent, StoredEvent } from '../src/events/event.js'
import type { EventRange } from '../src/events/range.js'
import { DAY_MS, dayOf, type ShardStep } from '../src/events/shards.js'
import { encodeCursor } from '../src/items/cursor.js'
import type { Page } from '../src/items/page.js'
import { rejection, testClock, testDynamo, testSettings, withoutStream } from './support.js'

// Near the real time: the engine really deletes what has expired.
const LONG = process.env['MIYABI_TEST_LONG'] === '1'
/** Whole counts are about what is kept, not about how soon: two busy cores may take their time. */
const long = LONG ? { timeoutMs: 120_000, attemptTimeoutMs: 60_000 } : {}

const NOW = Math.floor(Date.now() / DAY_MS) * DAY_MS + DAY_MS / 2

let dynamo: Dynamo
const clock = testClock(NOW)
beforeAll(async () => {
  dynamo = await withoutStream(await testDynamo({ now: clock, settings: long }))
})
afterAll(() => dynamo.close())

/** Every item of a query, page by page. */
async function readAll(
  query: (range: EventRange) => Promise<Page<StoredEvent>>,
  range: EventRange,
  onPage: (page: Page<StoredEvent>) => Promise<void> = async () => {},
): Promise<StoredEvent[]> {
  const items: StoredEvent[] = []
  for (let cursor: string | undefined; ; ) {
    const page: Page<StoredEvent> = await query({ ...range, cursor })
    items.push(...page.items)
    await onPage(page)
    if (page.cursor === undefined) return items
    expect(page.items).toHaveLength(range.limit ?? 50)
    cursor = page.cursor
  }
}

const readUnits = (of: Dynamo): number => of.stats().capacity.reduce((sum, use) => sum + use.readUnits, 0)

const ids = (events: readonly StoredEvent[]): string[] => events.map(({ id }) => id)

describe('events.append', () => {
  it('stores an event and gives it back', async () => {
    const occurredAt = new Date(NOW - 1234)
    const data = { count: 1, nested: { list: [1, 'two', null, true] } }
    const { id, duplicate } = await dynamo.events.append({
      eventType: 'webhook',
      occurredAt,
      userId: 'u1',
      repositoryId: 'r1',
      data,
    })
    expect(duplicate).toBe(false)
    const writtenAt = new Date(NOW)
    const stored = { id, eventType: 'webhook', occurredAt, writtenAt, userId: 'u1', repositoryId: 'r1', data }
    expect(await dynamo.events.get('webhook', id)).toEqual(stored)
    expect((await dynamo.events.byUser('u1')).items).toEqual([stored])
    expect((await dynamo.events.byRepository('r1')).items).toEqual([stored])
  })

  it('stores an event with the same type, time and key once, and tells the second', async () => {
    const event = { eventType: 'usage_event', occurredAt: new Date(NOW), idempotencyKey: 'delivery-1' }
    const first = await dynamo.events.append({ ...event, data: { n: 1 } })
    const second = await dynamo.events.append({ ...event, data: { n: 2 } })
    expect(first).toEqual({ id: first.id, duplicate: false })
    expect(second).toEqual({ id: first.id, duplicate: true })
    expect((await dynamo.events.get('usage_event', first.id))?.data).toEqual({ n: 1 })
    const other = await dynamo.events.append({ ...event, eventType: 'other' })
    expect(other.duplicate).toBe(false)
  })

  it('keeps what has hostile texts in every key part apart', async () => {
    const hostile = [
      'a',
      'A',
      'a#s_0001',
      '$mb#t_a',
      'a#0',
      'é',
      'e\u0301',
      ' a',
      'a ',
      '\u0000',
      '#',
      '日本',
      'a'.repeat(256),
    ]
    const events: NewEvent[] = hostile.map((text) => ({
      eventType: `hostile ${text}`.slice(0, 200),
      userId: text,
      repositoryId: text,
      data: { text },
    }))
    await dynamo.events.appendMany(events)
    for (const text of hostile) {
      for (const page of [await dynamo.events.byUser(text), await dynamo.events.byRepository(text)]) {
        expect(page.items.map(({ data }) => data)).toEqual([{ text }])
      }
    }
  })

  it('refuses, before anything is sent, what could not be kept or found again', async () => {
    const append = (event: NewEvent): Promise<unknown> => rejection(dynamo.events.append(event))
    expect(await append({ eventType: '' })).toMatchObject({
      code: 'dynamo.invalid_input',
      details: { argument: 'eventType' },
    })
    expect(await append({ eventType: 'x', userId: '\udfff' })).toBeInstanceOf(DynamoInputError)
    expect(await append({ eventType: 'x', userId: 'u'.repeat(3000) })).toBeInstanceOf(DynamoInputError)
    expect(await append({ eventType: 'x', occurredAt: new Date(Number.NaN) })).toBeInstanceOf(DynamoInputError)
    expect(await append({ eventType: 'x', occurredAt: new Date(NOW - 91 * DAY_MS) })).toBeInstanceOf(DynamoInputError)
    expect(await append({ eventType: 'x', occurredAt: new Date(NOW + 2 * DAY_MS) })).toBeInstanceOf(DynamoInputError)
    expect(await append({ eventType: 'x', id: 'not-an-id' })).toBeInstanceOf(DynamoInputError)
    expect(await append({ eventType: 'x', data: [1] })).toBeInstanceOf(DynamoInputError)
    expect(await append({ eventType: 'x', data: { text: 'x'.repeat(400_000) } })).toBeInstanceOf(PayloadTooLargeError)
    expect(await append({ eventType: 'x', data: { a: [{ b: Number.NaN }] } })).toMatchObject({
      code: 'dynamo.value',
      details: { path: 'data.a[0].b' },
    })
  })

  it('stores what was given, whatever becomes of the object afterwards', async () => {
    const data: Record<string, unknown> = { n: 1 }
    const writer = dynamo.events.writer()
    const appends = [
      dynamo.events.append({ eventType: 'given', data }),
      writer.append({ eventType: 'given', data }),
      dynamo.events.appendMany([{ eventType: 'given', data }]),
    ]
    data['n'] = Number.NaN
    await Promise.all(appends)
    const { items } = await dynamo.events.byType('given', { from: new Date(NOW - DAY_MS) })
    expect(items.map((event) => event.data)).toEqual([{ n: 1 }, { n: 1 }, { n: 1 }])
  })

  it('keeps members named as those that every object has', async () => {
    const data = { constructor: { prototype: 1 }, toString: 'x', hasOwnProperty: null }
    const { id } = await dynamo.events.append({ eventType: 'named', data })
    expect((await dynamo.events.get('named', id))?.data).toEqual(data)
  })

  it('writes the keys in their final form, and no attribute more', async () => {
    const { id } = await dynamo.events.append({
      eventType: 'keys',
      occurredAt: new Date(NOW),
      userId: 'u',
      data: { a: 1 },
    })
    const [events] = (await dynamo.tables.status()).tables
    const { Items } = await dynamo.client.send(
      new ScanCommand({
        TableName: events?.table,
        FilterExpression: 't = :t',
        ExpressionAttributeValues: { ':t': { S: 'keys' } },
      }),
    )
    const shard = Items?.[0]?.s?.N ?? ''
    expect(Items).toEqual([
      {
        pk: { S: `$mb#t_keys#d_${dayOf(NOW)}#s_${shard.padStart(4, '0')}` },
        sk: { S: `$ev_1#id_${id}` },
        i: { S: id },
        t: { S: 'keys' },
        y: { S: dayOf(NOW) },
        s: { N: shard },
        u: { S: 'u' },
        up: { S: 'u#0' },
        d: { M: { a: { N: '1' } } },
        w: { N: String(NOW) },
        v: { N: '2' },
        ttl: { N: String(NOW / 1000 + 90 * 86_400) },
        __edb_e__: { S: 'ev' },
        __edb_v__: { S: '1' },
      },
    ])
  })
})

describe('events in one millisecond', () => {
  const count = LONG ? 100_000 : 600
  const ofCount = <T>(make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n))
  const burst = (eventType: string) => (n: number) => ({
    eventType,
    userId: eventType,
    repositoryId: eventType,
    data: { n },
  })
  const from = new Date(NOW)

  it('are all kept, in the order of the calls, whichever way they are read', { timeout: 1_800_000 }, async () => {
    clock.ms = NOW
    const appended: string[] = []
    const events = ofCount(burst('burst'))
    for (let i = 0; i < count; i += 2000) {
      appended.push(...(await dynamo.events.appendMany(events.slice(i, i + 2000))).ids)
    }
    expect(new Set(appended).size).toBe(count)
    const queries = [
      (range: EventRange) => dynamo.events.byType('burst', range),
      (range: EventRange) => dynamo.events.byUser('burst', range),
      (range: EventRange) => dynamo.events.byRepository('burst', range),
    ]
    const reversed = [...appended].reverse()
    for (const query of queries) {
      expect(ids(await readAll(query, { order: 'asc', limit: 500, from }))).toEqual(appended)
      expect(ids(await readAll(query, { order: 'desc', limit: 1000, from }))).toEqual(reversed)
    }
  })

  it('are all kept when each is appended by a caller of its own', { timeout: 1_800_000 }, async () => {
    clock.ms = NOW
    const events = ofCount(burst('callers'))
    const writer = dynamo.events.writer()
    const written: string[] = []
    for (let i = 0; i < count; i += 2000) {
      const results = await Promise.all(events.slice(i, i + 2000).map((event) => writer.append(event)))
      written.push(...results.map(({ id }) => id))
    }
    const query = (range: EventRange) => dynamo.events.byUser('callers', range)
    const read = await readAll(query, { order: 'asc', limit: 1000, from })
    expect(ids(read)).toEqual(written)
    expect(read.map(({ data }) => data['n'])).toEqual(events.map(({ data }) => data.n))
  })
})

describe('reading events', () => {
  it('delivers every page once while events are appended between pages', async () => {
    clock.ms = NOW
    const before = await dynamo.events.appendMany(Array.from({ length: 60 }, () => ({ eventType: 'paged' })))
    let inserted = 0
    const query = (range: EventRange) => dynamo.events.byType('paged', range)
    const read = await readAll(query, { limit: 10, order: 'desc' }, async () => {
      inserted += 5
      await dynamo.events.appendMany(Array.from({ length: 5 }, () => ({ eventType: 'paged' })))
    })
    expect(inserted).toBeGreaterThan(0)
    expect(ids(read)).toEqual([...before.ids].reverse())
  })

  it('refuses a cursor of another query, and what is no cursor', async () => {
    const page = await dynamo.events.byType('paged', { limit: 1 })
    const { cursor = '' } = page
    expect(cursor).toHaveLength(34)
    const others = [
      dynamo.events.byType('burst', { cursor }),
      dynamo.events.byUser('paged', { cursor }),
      dynamo.events.byType('paged', { cursor, order: 'asc' }),
      dynamo.events.byType('paged', { cursor, from: new Date(NOW - 1) }),
      dynamo.events.byType('paged', { cursor: `${cursor}A` }),
      dynamo.events.byType('paged', { cursor: 'garbage' }),
      dynamo.events.byType('paged', { cursor: '' }),
    ]
    for (const other of others) expect(await rejection(other)).toBeInstanceOf(DynamoCursorError)
  })

  it('takes a cursor that somebody has changed to nothing outside its range', async () => {
    clock.ms = NOW
    const { ids: appended } = await dynamo.events.appendMany(
      [3, 2, 1].map((hours) => ({ eventType: 'cut', occurredAt: new Date(NOW - hours * 3_600_000) })),
    )
    const query = { from: new Date(NOW - 2.5 * 3_600_000), to: new Date(NOW - 1.5 * 3_600_000) }
    for (const order of ['asc', 'desc'] as const) {
      const binding = ['byType', 'cut', query.from.getTime(), query.to.getTime(), order]
      for (const place of ['0', 'f']) {
        const cursor = encodeCursor(binding, place.repeat(32))
        const { items } = await dynamo.events.byType('cut', { ...query, order, cursor })
        expect(ids(items)).toEqual((order === 'asc') === (place === '0') ? [appended[1]] : [])
      }
    }
  })

  it('reads no day of which there can be no event, however wide the range', async () => {
    const before = readUnits(dynamo)
    expect(await dynamo.events.byType('none', { from: new Date(0), to: new Date('9999-12-31') })).toEqual({ items: [] })
    // 90 days, the ends of which are two, and one that may be ahead; four shards each.
    expect(readUnits(dynamo) - before).toBeLessThanOrEqual((93 * 4) / 2)
  })

  it('costs a page the same units when the table holds many times more', { timeout: 1_800_000 }, async () => {
    const grow = (count: number, msOf: (n: number) => number, name: string): NewEvent[] =>
      Array.from({ length: count }, (_, n) => ({
        eventType: name,
        userId: name,
        repositoryId: name,
        occurredAt: new Date(NOW - msOf(n)),
        data: { text: 'x'.repeat(200) },
      }))
    await using grown = await withoutStream(await testDynamo({ now: testClock(NOW), settings: long }))
    const units = async (): Promise<number[]> => {
      const costs: number[] = []
      for (const order of ['asc', 'desc'] as const) {
        const range = { order, limit: 50, from: new Date(NOW - 150_000) }
        for (const read of [
          () => grown.events.byType('grown', range),
          () => grown.events.byUser('grown', range),
          () => grown.events.byRepository('grown', range),
        ]) {
          const before = readUnits(grown)
          expect((await read()).items).toHaveLength(50)
          costs.push(readUnits(grown) - before)
        }
      }
      return costs
    }
    await grown.events.appendMany(grow(150, (n) => n * 1000, 'grown'))
    const few = await units()
    // Half of them behind the window, half within it but of others.
    const count = LONG ? 10_000 : 500
    for (let done = 0; done < count; done += 500) {
      await grown.events.appendMany(grow(500, (n) => 160_000 + (done + n) * 100, 'grown'))
      await grown.events.appendMany(grow(500, (n) => n * 300, 'other'))
    }
    expect(await units()).toEqual(few)
    // 50 of some 400 bytes: 20 KB, half a unit for each 4 KB of what each shard was asked for.
    for (const cost of few) expect(cost).toBeLessThan(9)
  })

  it('reads an event with pages of DynamoDB that end early, because items are large', async () => {
    const text = 'x'.repeat(300_000)
    const events = Array.from({ length: 12 }, (_, n) => ({ eventType: 'large', userId: 'large', data: { n, text } }))
    const appended = await dynamo.events.appendMany(events)
    expect(ids((await dynamo.events.byUser('large', { order: 'asc' })).items)).toEqual(appended.ids)
    expect(ids((await dynamo.events.byType('large', { order: 'asc' })).items)).toEqual(appended.ids)
  })

  it('never returns what has expired, even where it is not deleted yet', async () => {
    const occurredAt = new Date(NOW - 89 * DAY_MS)
    clock.ms = NOW
    const { id } = await dynamo.events.append({ eventType: 'old', userId: 'old', occurredAt })
    expect((await dynamo.events.byType('old')).items).toHaveLength(1)
    clock.ms = NOW + DAY_MS + 1000
    try {
      const wide = { from: new Date(0), to: new Date(NOW + 10 * DAY_MS) }
      expect((await dynamo.events.byType('old', wide)).items).toEqual([])
      expect((await dynamo.events.byUser('old', wide)).items).toEqual([])
      expect(await dynamo.events.get('old', id)).toBeUndefined()
    } finally {
      clock.ms = NOW
    }
  })

  it('refuses limits and times that cannot be', async () => {
    for (const range of [{ limit: 0 }, { limit: 1001 }, { limit: 1.5 }, { from: new Date(Number.NaN) }]) {
      expect(await rejection(dynamo.events.byType('x', range))).toBeInstanceOf(DynamoInputError)
    }
    const untyped = { from: '2026-01-01', order: 'desc' } as unknown as { from: Date }
    expect(await rejection(dynamo.events.byType('x', untyped))).toMatchObject({ message: 'from is not a Date' })
    const none = await dynamo.events.byType('paged', { from: new Date(NOW), to: new Date(NOW) })
    expect(none).toEqual({ items: [] })
  })
})

describe('a retention', () => {
  it('is refused when it is no length of time, with its name', () => {
    for (const eventsMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e15]) {
      expect(() => createDynamo(testSettings(), { retention: { eventsMs } })).toThrow('retention.eventsMs')
    }
  })
})

describe('a shard plan', () => {
  it('is refused when it cannot be, with the step named', () => {
    const make = (steps: readonly ShardStep[]) => () =>
      createDynamo(testSettings(), { shards: { users: { named: { ann: steps } } } })
    expect(make([{ from: 'x', shards: 1 }])).toThrow('shards.users.named["ann"]')
    expect(make([{ from: '2026-13-01', shards: 1 }])).toThrow('2026-13-01')
    expect(make([{ from: '2026-02-30', shards: 1 }])).toThrow('2026-02-30')
    expect(
      make([
        { from: '2026-01-02', shards: 1 },
        { from: '2026-01-01', shards: 2 },
      ]),
    ).toThrow('order')
    expect(make([{ from: '2026-01-01', shards: 0 }])).toThrow('1 to 9999')
  })
})
