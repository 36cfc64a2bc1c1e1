import { expect, it } from 'vitest'
import { cacheMetrics } from './cache-metrics.js'
import { MetricSet } from './metric-set.js'

it('are those of the cache by level, and none before it is used', () => {
  const set = new MetricSet()
  const read = cacheMetrics(set)
  const told = () =>
    Object.fromEntries(
      set.families.flatMap(({ definition, series }) =>
        series.map(({ labels, value }) => [
          [definition.name, ...Object.values(labels)].join(' '),
          (value as { value: number }).value,
        ]),
      ),
    )
  read(undefined)
  expect(told()).toEqual({})
  const counts = { hits: 1, secondHits: 2, misses: 3, loads: 4, stale: 5, errors: 6, tooLarge: 7, entries: 8, bytes: 9 }
  read({ ...counts, isHearing: true })
  expect(told()).toEqual({
    'miyabi.cache.calls memory': 1,
    'miyabi.cache.calls redis': 2,
    'miyabi.cache.calls miss': 3,
    'miyabi.cache.loads': 4,
    'miyabi.cache.calls stale': 5,
    'miyabi.cache.errors redis': 6,
    'miyabi.cache.errors too_large': 7,
    'miyabi.cache.entries': 8,
    'miyabi.cache.size': 9,
    'miyabi.cache.hearing': 1,
  })
})
