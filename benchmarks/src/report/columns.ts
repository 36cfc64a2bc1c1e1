import type { TableResult } from '../harness/result.js'
import { median } from '../harness/statistics.js'
import { type Figures, figuresOf } from './figures.js'
import { duration, number } from './text.js'

/** What each verdict is called. */
export const verdicts: Readonly<Record<Figures['verdict'], string>> = {
  base: 'base',
  noise: 'noise',
  faster: 'faster',
  slower: 'slower',
  same: 'within noise',
  failed: 'FAILED',
}

/** A table as text: its head, and a row for each contender. */
export function columnsOf(table: TableResult): {
  readonly head: readonly string[]
  readonly rows: readonly string[][]
} {
  const figures = figuresOf(table)
  const isTiming = table.single
  const countsUnits = table.contenders.some(({ roundsReadUnits }) => roundsReadUnits !== undefined)
  const countsStale = table.contenders.some(({ staleShare }) => staleShare !== undefined)
  const head = [
    'contender',
    'time ratio',
    'middle half',
    '',
    ...(isTiming ? ['median'] : ['ops/s', 'p50', 'p99', 'CPU/op']),
    ...(countsUnits ? ['read units/op'] : []),
    ...(countsStale ? ['stale'] : []),
  ]
  const rows = figures.map(({ result, ratio, verdict, ms, cpuUs }) => {
    const { p50, p99 } = result.latencyUs
    return [
      result.contender,
      ratio === undefined ? '-' : number(ratio.median),
      ratio === undefined ? '-' : `${number(ratio.low)} - ${number(ratio.high)}`,
      `${verdicts[verdict]}${failures(result.errors, result.firstError)}`,
      ...(isTiming
        ? [duration(ms)]
        : [number(1000 / ms), duration(p50 / 1000), duration(p99 / 1000), duration(cpuUs / 1000)]),
      ...(countsUnits ? [number(median(result.roundsReadUnits ?? []))] : []),
      ...(countsStale ? [percent(result.staleShare)] : []),
    ]
  })
  return { head, rows }
}

const percent = (share: number | undefined): string => (share === undefined ? '-' : `${(100 * share).toFixed(1)} %`)

const failures = (errors: number, first: string | undefined): string =>
  errors === 0 ? '' : `, ${errors} errors: ${first?.replace(/\s+/g, ' ')}`
