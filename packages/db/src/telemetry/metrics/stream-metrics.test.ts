import { expect, it } from 'vitest'
import type { StreamStats } from '../../streams/types.js'
import { MetricSet } from './metric-set.js'
import { streamMetrics } from './stream-metrics.js'

const stats: StreamStats = {
  consumer: 'usage',
  from: 'events',
  shards: 1,
  records: 10,
  batches: 2,
  passedOver: 3,
  dead: 1,
  revived: 2,
  fenced: 2,
  retries: 4,
  gaps: 1,
  behindMs: 1500,
}

it('are those of each consumer by its name, and gone with it', () => {
  const set = new MetricSet()
  const read = streamMetrics(set)
  const told = () =>
    Object.fromEntries(
      set.families.flatMap(({ definition, series }) =>
        series.map(({ labels, value }) => [
          `${definition.name} ${Object.values(labels).join(' ')}`,
          (value as { value: number }).value,
        ]),
      ),
    )
  read([stats, { ...stats, records: 1, dead: 0, behindMs: 0 }])
  expect(told()).toEqual({
    'miyabi.stream.records usage counted': 10,
    'miyabi.stream.records usage dead': 1,
    'miyabi.stream.records usage revived': 4,
    'miyabi.stream.retries usage failed': 8,
    'miyabi.stream.retries usage fenced': 4,
    'miyabi.stream.behind usage': 1.5,
    'miyabi.stream.gaps usage': 1,
  })
  read([])
  expect(told()).toEqual({})
})
