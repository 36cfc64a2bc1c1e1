import { describe, expect, it } from 'vitest'
import { hotKey } from './plan.js'
import { poisson, seeded } from './random.js'
import { fewestShards, ruleShards, throttledShare } from './simulate.js'
import { zipf } from './traffic.js'

const load = { rate: 10_000, writeUnits: 1, seconds: 60, seed: 7 }

describe('the simulation of shards', () => {
  it('draws seconds with the mean and the spread of independent events', () => {
    for (const mean of [3, 40, 60, 900]) {
      const random = seeded(1)
      const draws = Array.from({ length: 20_000 }, () => poisson(mean, random))
      const average = draws.reduce((a, b) => a + b, 0) / draws.length
      const variance = draws.reduce((sum, n) => sum + (n - average) ** 2, 0) / draws.length
      expect(Math.abs(average / mean - 1)).toBeLessThan(0.02)
      expect(Math.abs(variance / mean - 1)).toBeLessThan(0.06)
    }
  })

  it('refuses what one partition cannot take, and nothing else', () => {
    // 5,000 a second on one partition of 1,000: four in five are refused; on ten partitions of 500 each, none.
    expect(throttledShare([0.5, 0.05], () => 1, load)).toBeCloseTo(0.4, 2)
    expect(throttledShare([0.5, 0.05], () => 10, load)).toBe(0)
    // Twice the units, half the events.
    expect(throttledShare([0.05], () => 1, { ...load, writeUnits: 1 })).toBe(0)
    expect(throttledShare([0.1], () => 1, { ...load, writeUnits: 2 })).toBeCloseTo(0.05, 2)
  })

  it('finds the fewest shards: one fewer is refused something', () => {
    for (const share of [0.2, 0.5, 0.9]) {
      const fewest = fewestShards(share, load)
      expect(throttledShare([share], () => fewest, load)).toBe(0)
      expect(throttledShare([share], () => fewest - 1, load)).toBeGreaterThan(0)
      expect(fewest).toBeLessThanOrEqual(ruleShards(share, load.rate, 1))
    }
    expect(hotKey(0.01, 1000)).toEqual({ rule: 1, fewest: 1, refusedByOne: 0 })
  })

  it('gives the same for the same seed, and shares that add up to one', () => {
    expect(throttledShare([0.3], () => 3, load)).toBe(throttledShare([0.3], () => 3, load))
    expect(zipf(5000, 1).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9)
  })
})
