import { expect, it } from 'vitest'
import type { RelayStats } from '../../relay/stats.js'
import { MetricSet } from './metric-set.js'
import { outboxMetrics } from './outbox-metrics.js'

const stats: RelayStats = {
  partitions: 8,
  lagMs: 1500,
  depth: 20,
  rows: 3,
  topics: { 'webhook.deliver': { delivered: 5, failed: 4, dead: 1, redelivered: 2 } },
  unknown: { 'x@1': 2, 'x@2': 3 },
  waitsForResume: false,
}

it('are those of all relays by topic, and gone with them', () => {
  const set = new MetricSet()
  const read = outboxMetrics(set)
  const told = () =>
    Object.fromEntries(
      set.families.flatMap(({ definition, series }) =>
        series.map(({ labels, value }) => [
          [definition.name, ...Object.values(labels)].join(' '),
          (value as { value: number }).value,
        ]),
      ),
    )
  read(
    [stats, { ...stats, lagMs: 500, depth: 1, unknown: {} }],
    { maxDepth: 9, depth: undefined, refused: 7 },
    { waiting: 30, relays: 2 },
  )
  expect(told()).toEqual({
    'miyabi.outbox.lag': 1.5,
    'miyabi.outbox.depth': 21,
    'miyabi.outbox.delivered webhook.deliver': 10,
    'miyabi.outbox.redelivered webhook.deliver': 4,
    'miyabi.outbox.failed webhook.deliver': 8,
    'miyabi.outbox.dead webhook.deliver': 2,
    'miyabi.outbox.unknown x': 5,
    'miyabi.outbox.waiting': 30,
    'miyabi.outbox.relays': 2,
    'miyabi.outbox.refused': 7,
  })
  read([], undefined, undefined)
  expect(told()).toEqual({ 'miyabi.outbox.refused': 7 })
})
