import { DataPointType, MeterProvider, MetricReader, type ResourceMetrics } from '@opentelemetry/sdk-metrics'
import { describe, expect, it } from 'vitest'
import { OVERFLOW } from './family.js'
import { metricProducer } from './metric-producer.js'
import { MetricSet } from './metric-set.js'

/** A reader of OpenTelemetry's SDK that exports nowhere. */
class ManualReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

const definition = { unit: '1', description: 'A test.', attributes: ['db.system.name'] } as const

describe('a metric producer', () => {
  it("hands all metrics to a reader of OpenTelemetry's SDK, whose types it fits", async () => {
    const set = new MetricSet()
    set
      .histogram({ ...definition, name: 'h', kind: 'histogram', unit: 's' }, () => [1, 2])
      .at('postgresql')
      .record(1.5)
    set.sum({ ...definition, name: 'c', kind: 'counter' }).at('postgresql').value = 3
    set.sum({ ...definition, name: 'u', kind: 'upDownCounter' }).at('postgresql').value = 4
    const gauge = set.sum({ ...definition, name: 'g', kind: 'gauge' })
    for (let i = 0; i < 300; i += 1) gauge.at(`${i}`).value = i
    set.sum({ ...definition, name: 'empty', kind: 'counter' })
    const startedAt = Date.UTC(2026, 0, 1, 0, 0, 0, 250)
    const reader = new ManualReader({ metricProducers: [metricProducer(startedAt, async () => set.families)] })
    const provider = new MeterProvider({ readers: [reader] })

    const { resourceMetrics, errors } = await reader.collect()
    expect(errors).toEqual([])
    expect(metricsOf(resourceMetrics, 'h')).toMatchObject({
      descriptor: { name: 'h', unit: 's', description: 'A test.' },
      dataPointType: DataPointType.HISTOGRAM,
      dataPoints: [
        {
          startTime: [startedAt / 1000 - 0.25, 250_000_000],
          attributes: { 'db.system.name': 'postgresql' },
          value: { buckets: { boundaries: [1, 2], counts: [0, 1, 0] }, sum: 1.5, count: 1 },
        },
      ],
    })
    expect(metricsOf(resourceMetrics, 'c')).toMatchObject({
      dataPointType: DataPointType.SUM,
      isMonotonic: true,
      dataPoints: [{ value: 3 }],
    })
    expect(metricsOf(resourceMetrics, 'u')).toMatchObject({ isMonotonic: false, dataPoints: [{ value: 4 }] })
    const { dataPoints, dataPointType } = metricsOf(resourceMetrics, 'g') ?? { dataPoints: [] }
    expect(dataPointType).toBe(DataPointType.GAUGE)
    expect(dataPoints).toHaveLength(200)
    expect(dataPoints.at(-1)?.attributes).toEqual({ [OVERFLOW]: true })
    expect(metricsOf(resourceMetrics, 'empty')).toBeUndefined()
    await provider.shutdown()
  })
})

const metricsOf = ({ scopeMetrics }: ResourceMetrics, name: string) =>
  scopeMetrics
    .filter(({ scope }) => scope.name === '@miyabi/db')
    .flatMap(({ metrics }) => metrics)
    .find(({ descriptor }) => descriptor.name === name)
