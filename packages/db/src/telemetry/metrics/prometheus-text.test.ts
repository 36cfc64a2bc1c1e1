import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MetricSet } from './metric-set.js'
import { prometheusText } from './prometheus-text.js'

describe('the text for Prometheus', () => {
  it('names the unit and what only grows, and adds up buckets', () => {
    const set = new MetricSet()
    const duration = set.histogram(
      {
        name: 'db.client.operation.duration',
        kind: 'histogram',
        unit: 's',
        description: 'How long.',
        attributes: ['a.b'],
      },
      () => [0.5, 1],
    )
    for (const value of [0.25, 0.75, 3]) duration.at('x').record(value)
    set
      .sum({ name: 'miyabi.retries', kind: 'counter', unit: '{retry}', description: 'Again.', attributes: [] })
      .at().value = 3
    set.sum({ name: 'miyabi.ready', kind: 'gauge', unit: '1', description: 'Yes.', attributes: [] }).at()
    set.sum({ name: 'miyabi.none', kind: 'counter', unit: '1', description: 'Nothing yet.', attributes: [] })
    expect(prometheusText(set.families)).toBe(`# HELP db_client_operation_duration_seconds How long.
# TYPE db_client_operation_duration_seconds histogram
db_client_operation_duration_seconds_bucket{a_b="x",le="0.5"} 1
db_client_operation_duration_seconds_bucket{a_b="x",le="1"} 2
db_client_operation_duration_seconds_bucket{a_b="x",le="+Inf"} 3
db_client_operation_duration_seconds_sum{a_b="x"} 4
db_client_operation_duration_seconds_count{a_b="x"} 3
# HELP miyabi_retries_total Again.
# TYPE miyabi_retries_total counter
miyabi_retries_total 3
# HELP miyabi_ready Yes.
# TYPE miyabi_ready gauge
miyabi_ready 0
`)
  })

  it('escapes what a server may be called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        const set = new MetricSet()
        set.sum({ name: 'x', kind: 'gauge', unit: '1', description: 'a\\b\nc', attributes: ['server'] }).at({ s: name })
        const lines = prometheusText(set.families).split('\n')
        expect(lines[0]).toBe('# HELP x a\\\\b\\nc')
        const [, text = ''] = /^x\{s="((?:[^"\\\n]|\\["\\n])*)"\} 0$/.exec(lines[2] ?? '') ?? []
        expect(text.replace(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c))).toBe(name)
      }),
    )
  })
})
