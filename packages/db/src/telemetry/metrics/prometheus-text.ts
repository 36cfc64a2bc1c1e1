import type { Labels } from './definition.js'
import type { Family, Series } from './family.js'
import { Histogram, type Sum } from './histogram.js'

/** The media type of the text. */
export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/**
 * Metrics in Prometheus' text format 0.0.4, under the names that OpenTelemetry's collector gives them: with the unit
 * (`_seconds`), and `_total` for counters.
 */
export function prometheusText(families: readonly Family[]): string {
  return families
    .filter(({ series }) => series.length > 0)
    .map(familyText)
    .join('')
}

/** The name of a metric in Prometheus. */
export function prometheusName({ name, unit, kind }: Family['definition']): string {
  const suffix = `${unit === 's' ? '_seconds' : ''}${kind === 'counter' ? '_total' : ''}`
  return name.replaceAll('.', '_') + suffix
}

function familyText({ definition, series }: Family): string {
  const name = prometheusName(definition)
  const { description, kind } = definition
  const type = kind === 'upDownCounter' ? 'gauge' : kind
  const help = description.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  const lines = series.flatMap((one) => seriesLines(name, one))
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('\n')}\n`
}

function seriesLines(name: string, { labels, value }: Series<unknown>): string[] {
  const text = labelText(labels)
  const braced = text === '' ? '' : `{${text}}`
  if (!(value instanceof Histogram)) return [`${name}${braced} ${(value as Sum).value}`]
  const before = text === '' ? '' : `${text},`
  let below = 0
  const buckets = value.boundaries.map((boundary, i) => {
    below += value.counts[i] ?? 0
    return `${name}_bucket{${before}le="${boundary}"} ${below}`
  })
  return [
    ...buckets,
    `${name}_bucket{${before}le="+Inf"} ${value.count}`,
    `${name}_sum${braced} ${value.sum}`,
    `${name}_count${braced} ${value.count}`,
  ]
}

const labelText = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name.replaceAll('.', '_')}="${escaped(value)}"`)
    .join(',')

const escaped = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
