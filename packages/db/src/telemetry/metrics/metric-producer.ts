import { type Family, OVERFLOW, type Series } from './family.js'
import type { Histogram, Sum } from './histogram.js'

/** A time as OpenTelemetry represents it: seconds since 1970, and nanoseconds. */
type Moment = [seconds: number, nanoseconds: number]

interface Descriptor {
  readonly name: string
  readonly description: string
  readonly unit: string
  /** `ValueType.DOUBLE`. */
  readonly valueType: 1
}

interface DataPoint<Value> {
  readonly startTime: Moment
  readonly endTime: Moment
  readonly attributes: Record<string, string | boolean>
  readonly value: Value
}

interface HistogramValue {
  readonly buckets: { readonly boundaries: number[]; readonly counts: number[] }
  readonly sum: number
  readonly count: number
}

/** `AggregationTemporality.CUMULATIVE`, and types of data points, by their numbers in OpenTelemetry's SDK. */
const CUMULATIVE = 1
const HISTOGRAM = 0
const GAUGE = 2
const SUM = 3

interface Collected<Type extends number, Value> {
  readonly descriptor: Descriptor
  readonly aggregationTemporality: typeof CUMULATIVE
  readonly dataPointType: Type
  readonly dataPoints: DataPoint<Value>[]
}

export type CollectedMetric =
  | Collected<typeof HISTOGRAM, HistogramValue>
  | Collected<typeof GAUGE, number>
  | (Collected<typeof SUM, number> & { readonly isMonotonic: boolean })

/** No attribute: the reader keeps the resource of its own SDK. */
interface EmptyResource {
  readonly attributes: Record<string, never>
  merge<Other>(other: Other): NonNullable<Other>
  getRawAttributes(): []
}

/**
 * What an OpenTelemetry reader accepts besides the metrics of its SDK: `MetricProducer` of `@opentelemetry/sdk-metrics`
 * 2 and 3, without a dependency on either.
 *
 * ```ts
 * new PeriodicExportingMetricReader({ exporter, metricProducers: [telemetry.metricProducer()] })
 * ```
 *
 * Sums are cumulative, since `observe()` was called.
 */
export interface MetricProducer {
  collect(): Promise<{
    resourceMetrics: {
      resource: EmptyResource
      scopeMetrics: { scope: { readonly name: string }; metrics: CollectedMetric[] }[]
    }
    errors: unknown[]
  }>
}

/**
 * Creates a producer.
 * @param startedAt since when the sums grow, in milliseconds since 1970.
 * @param collect returns the families with everything currently known.
 */
export function metricProducer(startedAt: number, collect: () => Promise<readonly Family[]>): MetricProducer {
  const startTime = momentOf(startedAt)
  return {
    async collect() {
      const families = await collect()
      const endTime = momentOf(Date.now())
      const metrics = families
        .filter(({ series }) => series.length > 0)
        .map((one) => collected(one, startTime, endTime))
      return {
        resourceMetrics: { resource, scopeMetrics: [{ scope: { name: '@miyabi/db' }, metrics }] },
        errors: [],
      }
    },
  }
}

const resource: EmptyResource = {
  attributes: {},
  merge: <Other>(other: Other) => (other ?? resource) as NonNullable<Other>,
  getRawAttributes: () => [],
}

function collected({ definition, series }: Family, startTime: Moment, endTime: Moment): CollectedMetric {
  const { name, description, unit, kind } = definition
  const shared = { descriptor: { name, description, unit, valueType: 1 }, aggregationTemporality: CUMULATIVE } as const
  const points = <Value>(read: (one: Series<unknown>) => Value): DataPoint<Value>[] =>
    series.map((one) => ({ startTime, endTime, attributes: attributesOf(one), value: read(one) }))
  if (kind === 'histogram') return { ...shared, dataPointType: HISTOGRAM, dataPoints: points(histogramValue) }
  const dataPoints = points(({ value }) => (value as Sum).value)
  if (kind === 'gauge') return { ...shared, dataPointType: GAUGE, dataPoints }
  return { ...shared, dataPointType: SUM, dataPoints, isMonotonic: kind === 'counter' }
}

function histogramValue({ value }: Series<unknown>): HistogramValue {
  const { boundaries, counts, sum, count } = value as Histogram
  return { buckets: { boundaries: [...boundaries], counts: [...counts] }, sum, count }
}

/** The attribute of the overflow is a boolean in OpenTelemetry. */
const attributesOf = ({ labels }: Series<unknown>): Record<string, string | boolean> =>
  OVERFLOW in labels ? { [OVERFLOW]: true } : { ...labels }

const momentOf = (ms: number): Moment => [Math.floor(ms / 1000), (ms % 1000) * 1e6]
