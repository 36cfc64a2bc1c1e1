import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DURATION_BUCKETS, Histogram, withBoundary } from './histogram.js'

describe('a histogram', () => {
  it('counts a value on a boundary below it, and one beyond all in the last', () => {
    const histogram = new Histogram([1, 2])
    for (const value of [0, 1, 1.5, 2, 2.1, 100]) histogram.record(value)
    expect(histogram).toMatchObject({ counts: [2, 2, 2], count: 6, sum: 106.6 })
  })

  it('counts every value in the one bucket that it belongs to', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 20, noNaN: true })), (values) => {
        const histogram = new Histogram(DURATION_BUCKETS)
        for (const value of values) histogram.record(value)
        const expected = [...DURATION_BUCKETS, Number.POSITIVE_INFINITY].map(
          (upper, i) => values.filter((v) => v <= upper && (i === 0 || v > (DURATION_BUCKETS[i - 1] ?? 0))).length,
        )
        expect(histogram.counts).toEqual(expected)
        expect(histogram.count).toBe(values.length)
      }),
    )
  })

  it('takes one more boundary where it is not there yet', () => {
    expect(withBoundary([1, 5], 2)).toEqual([1, 2, 5])
    expect(withBoundary([1, 5], 5)).toEqual([1, 5])
    expect(withBoundary([1, 5], 30)).toEqual([1, 5, 30])
  })
})
