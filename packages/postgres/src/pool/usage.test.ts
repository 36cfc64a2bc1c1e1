import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UsageWindow } from './usage.js'

describe('the usage of a pool', () => {
  it('is nothing before anything happened', () => {
    expect(new UsageWindow(5).figures(5)).toEqual({
      windowMs: 0,
      acquires: 0,
      holdMs: 0,
      busy: 0,
      waitMs: { mean: 0, p95: 0, p99: 0, max: 0 },
    })
  })

  it('is the mean number in use over time, and by that the time one is held', () => {
    const window = new UsageWindow(0)
    for (let start = 0; start < 10_000; start += 100) {
      window.taken(start, 0)
      window.taken(start, 0)
      window.returned(start + 30)
      window.returned(start + 50)
    }
    expect(window.figures(10_000)).toMatchObject({ windowMs: 10_000, acquires: 200, holdMs: 40, busy: 0.8 })
  })

  it('counts one that never comes back', () => {
    const window = new UsageWindow(0)
    window.taken(0, 0)
    expect(window.figures(7_000).busy).toBe(1)
    expect(window.figures(600_000)).toMatchObject({ acquires: 0, busy: 1 })
  })

  it('forgets what is more than a minute ago', () => {
    const window = new UsageWindow(0)
    window.taken(0, 5_000)
    window.returned(10)
    window.taken(65_000, 1)
    window.returned(65_010)
    expect(window.figures(69_999)).toMatchObject({ acquires: 1, waitMs: { max: 1 } })
    expect(window.figures(200_000)).toMatchObject({ acquires: 0, busy: 0, waitMs: { max: 0, p99: 0 } })
  })

  it('has percentiles within 5 percent of the real ones', () => {
    const waits = fc.array(fc.double({ min: 0.2, max: 60_000, noNaN: true }), { minLength: 1, maxLength: 300 })
    fc.assert(
      fc.property(waits, (all) => {
        const window = new UsageWindow(0)
        for (const wait of all) window.taken(1, wait)
        const sorted = all.toSorted((a, b) => a - b)
        const real = (part: number): number => sorted[Math.ceil(all.length * part) - 1] ?? 0
        const { p95, p99, max } = window.figures(1).waitMs
        expect(Math.abs(p95 - real(0.95))).toBeLessThanOrEqual(real(0.95) * 0.05 + 0.01)
        expect(Math.abs(p99 - real(0.99))).toBeLessThanOrEqual(real(0.99) * 0.05 + 0.01)
        expect(max).toBeCloseTo(real(1), 1)
      }),
    )
  })
})
