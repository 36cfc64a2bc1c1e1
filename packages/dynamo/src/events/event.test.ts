import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DynamoInputError } from '../errors/errors.js'
import { createIdSource } from '../items/ids.js'
import { eventEntity } from './entity.js'
import { type EventModel, eventShapes, type NewEvent, toEventItem } from './event.js'
import { MadeDays } from './made-days.js'

const NOW = Date.UTC(2026, 5, 15, 12)
const model: EventModel = {
  shapes: eventShapes,
  plan: { types: { all: [{ from: '2020-01-01', shards: 9999 }] } },
  retentionMs: 90 * 86_400_000,
  ids: createIdSource(() => NOW),
  madeDays: new MadeDays(),
  now: () => NOW,
}
const entity = eventEntity('T')

/** Up to 2 KB of anything: parts of keys, both cases, composed and decomposed, half characters. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc
    .array(fc.constantFrom('#', '$', '_', 'a', 'A', '#s_0001', '$mb#t_', '#9999', '\u0000', 'é', 'e\u0301', '\ud800'), {
      maxLength: 30,
    })
    .map((parts) => parts.join('')),
  fc.integer({ min: 200, max: 2048 }).map((length) => 'k'.repeat(length)),
  fc.integer({ min: 60, max: 700 }).map((length) => '日'.repeat(length)),
)

const bytes = (value: unknown): number => Buffer.byteLength(String(value))

describe('the item of an event', () => {
  it("keeps DynamoDB's limits on keys, or is refused, whatever text is in its key parts", () => {
    const facts = fc.record({ eventType: hostile, userId: hostile, repositoryId: hostile, idempotencyKey: hostile })
    let accepted = 0
    fc.assert(
      fc.property(facts, (given) => {
        const event: NewEvent = { ...given, occurredAt: new Date(NOW) }
        let item: ReturnType<typeof toEventItem>
        try {
          item = toEventItem(event, model)
        } catch (error) {
          expect(error).toBeInstanceOf(DynamoInputError)
          return
        }
        accepted += 1
        const stored = entity.put(item).params<{ Item: Record<string, unknown> }>().Item
        for (const name of ['pk', 'up', 'rp']) expect(bytes(stored[name])).toBeLessThanOrEqual(2048)
        for (const name of ['sk', 'i']) expect(bytes(stored[name])).toBeLessThanOrEqual(1024)
        // Nothing was folded, cut or escaped on its way into the key.
        expect(stored['pk']).toBe(`$mb#t_${given.eventType}#d_2026-06-15#s_${String(item.shard).padStart(4, '0')}`)
        expect(stored['up']).toBe(`${given.userId}#0`)
        expect(stored['rp']).toBe(`${given.repositoryId}#0`)
        expect(toEventItem(event, model)).toEqual(item)
      }),
      { numRuns: 1000 },
    )
    expect(accepted).toBeGreaterThan(50)
  })

  it('has index keys that are equal only when the owners are', () => {
    const keyOf = (userId: string): unknown => {
      const item = toEventItem({ eventType: 'x', userId, occurredAt: new Date(NOW), idempotencyKey: 'k' }, model)
      return entity.put(item).params<{ Item: Record<string, unknown> }>().Item['up']
    }
    const owner = hostile.filter((text) => text !== '' && bytes(text) <= 1024 && !/\p{Surrogate}/u.test(text))
    fc.assert(
      fc.property(owner, owner, (a, b) => {
        expect(keyOf(a) === keyOf(b)).toBe(a === b)
      }),
      { numRuns: 500 },
    )
  })
})
