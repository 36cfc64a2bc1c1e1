import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Dynamo } from '../src/dynamo.js'
import { DynamoInputError, DynamoValueError, PayloadTooLargeError } from '../src/errors/errors.js'
import type { NewEvent } from '../src/events/event.js'
import { rejection, testDynamo } from './support.js'

let dynamo: Dynamo
beforeAll(async () => {
  dynamo = await testDynamo()
})
afterAll(() => dynamo.close())

/** Five hundred events, some of them otherwise. */
const many = (others: Readonly<Record<number, unknown>>): NewEvent[] =>
  Array.from({ length: 500 }, (_, n) => (n in others ? (others[n] as NewEvent) : { eventType: 'many', data: { n } }))

const stored = async (): Promise<number> => (await dynamo.events.byType('many')).items.length

describe('events.appendMany', () => {
  it('names the only event that cannot be stored, with its index and its fault', async () => {
    const append = (bad: unknown) => rejection(dynamo.events.appendMany(many({ 317: bad })))
    const date = await append({ eventType: 'many', data: { at: new Date() } })
    expect(date).toBeInstanceOf(DynamoValueError)
    expect(date).toMatchObject({ details: { path: 'events[317].data.at' }, effect: 'none' })
    const type = await append({ eventType: '' })
    expect(type).toBeInstanceOf(DynamoInputError)
    expect(type).toMatchObject({ details: { argument: 'events[317].eventType' } })
    const large = await append({ eventType: 'many', data: { text: 'x'.repeat(400_000) } })
    expect(large).toBeInstanceOf(PayloadTooLargeError)
    expect(large).toMatchObject({ details: { argument: 'events[317].data' } })
    expect(await append(null)).toMatchObject({ details: { argument: 'events[317]' } })
    expect(await stored()).toBe(0)
  })

  it('names all of them in one error', async () => {
    const others = { 3: { eventType: 'many', data: [1] }, 4: { eventType: '' }, 400: { eventType: 'many', id: 'none' } }
    const error = await rejection(dynamo.events.appendMany(many(others)))
    expect(error).toMatchObject({
      code: 'dynamo.invalid_input',
      details: {
        argument: 'events',
        refused: [
          { index: 3, code: 'dynamo.invalid_input', problem: 'events[3].data is not a plain object' },
          { index: 4, code: 'dynamo.invalid_input', problem: 'events[4].eventType is empty; expected a string' },
          { index: 400, code: 'dynamo.invalid_input', problem: 'events[400].id is not a UUIDv7 in lower case' },
        ],
      },
    })
    expect((error as Error).message).toContain('3 of 500')
    expect(await rejection(dynamo.events.appendMany('events' as never))).toBeInstanceOf(DynamoInputError)
    expect(await stored()).toBe(0)
  })

  it('refuses two contents under one id, one of which would be lost, and stores an event passed twice once', async () => {
    const occurredAt = new Date()
    const keyed = (n: unknown): NewEvent => ({ eventType: 'keyed', occurredAt, idempotencyKey: 'k', data: { n } })
    const error = await rejection(dynamo.events.appendMany([keyed(1), { eventType: 'keyed' }, keyed(2)]))
    expect(error).toMatchObject({ details: { argument: 'events[2]' }, effect: 'none' })
    expect((error as Error).message).toContain('events[0]')
    expect((await dynamo.events.byType('keyed')).items).toEqual([])
    const same = { bytes: Buffer.from('a'), big: 10n, set: new Set([1]) }
    const { ids } = await dynamo.events.appendMany([keyed(same), keyed({ ...same, bytes: Uint8Array.of(97) })])
    expect(ids[0]).toBe(ids[1])
    expect((await dynamo.events.byType('keyed')).items).toHaveLength(1)
  })
})

describe('a page of large items', () => {
  it('ends after about 8 MB, with a cursor that leads to the rest', async () => {
    const data = { text: 'x'.repeat(350_000) }
    await dynamo.events.appendMany(
      Array.from({ length: 36 }, () => ({ eventType: 'large', userId: 'of large events', data })),
    )
    const seen: string[] = []
    let pages = 0
    for (let cursor: string | undefined; ; pages++) {
      const page = await dynamo.events.byUser('of large events', { limit: 1000, cursor })
      seen.push(...page.items.map(({ id }) => id))
      cursor = page.cursor
      if (cursor === undefined) break
      expect(page.items.length).toBeGreaterThan(0)
    }
    expect(pages).toBeGreaterThan(0)
    expect(new Set(seen).size).toBe(36)
    expect(seen).toEqual([...seen].sort().reverse())
  })
})
