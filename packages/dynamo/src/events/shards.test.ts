import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createIdSource } from '../items/ids.js'
import { DAY_MS, dayOf, type ShardPlan, shardOf, shardsBetween, shardsOn } from './shards.js'

const day = (n: number): string => dayOf(Date.UTC(2026, 0, 1) + n * DAY_MS)
const steps = fc
  .uniqueArray(fc.record({ n: fc.nat({ max: 30 }), shards: fc.integer({ min: 1, max: 20 }) }), {
    selector: ({ n }) => n,
    maxLength: 4,
  })
  .map((list) => list.sort((a, b) => a.n - b.n).map(({ n, shards }) => ({ from: day(n), shards })))
const plan = fc.record({ users: fc.record({ all: steps, named: fc.record({ hot: steps }) }) })

describe('a shard plan', () => {
  it('asks between two days for every shard that any day of them has', () => {
    const dayNumber = fc.nat({ max: 40 })
    fc.assert(
      fc.property(plan, fc.constantFrom('hot', 'cold'), dayNumber, dayNumber, (shards, key, a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)]
        const each = Array.from({ length: high - low + 1 }, (_, i) => shardsOn(shards, 'users', key, day(low + i)))
        expect(shardsBetween(shards, 'users', key, day(low), day(high))).toBe(Math.max(...each))
      }),
      { numRuns: 500 },
    )
  })

  it('leaves the days before a step as they were, whichever step is added', () => {
    const added = fc.integer({ min: 1, max: 20 })
    fc.assert(
      fc.property(plan, added, fc.nat({ max: 29 }), (shards, count, before) => {
        const step = { from: day(31), shards: count }
        const longer: ShardPlan = {
          users: {
            all: [...shards.users.all, step],
            named: { hot: [...shards.users.named.hot, step], cold: [step] },
          },
        }
        for (const key of ['hot', 'cold', 'other']) {
          expect(shardsOn(longer, 'users', key, day(before))).toBe(shardsOn(shards, 'users', key, day(before)))
        }
        expect(shardsOn(longer, 'users', 'cold', day(31))).toBe(count)
      }),
      { numRuns: 500 },
    )
  })

  it('holds for names that every object has', () => {
    expect(shardsOn({ types: { named: {} } }, 'types', 'constructor', day(1))).toBe(4)
    expect(shardsOn({}, 'users', 'toString', day(1))).toBe(1)
  })

  it('spreads ids of one millisecond evenly', () => {
    const ids = createIdSource(() => Date.UTC(2026, 0, 1))
    const counts = Array.from({ length: 32 }, () => 0)
    for (let n = 0; n < 32_000; n++) {
      const shard = shardOf(ids.next(), counts.length)
      counts[shard] = (counts[shard] ?? 0) + 1
    }
    // 1,000 each; five standard deviations are 156.
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(156)
  })
})
