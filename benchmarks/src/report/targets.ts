import type { SuiteResult, TableResult } from '../harness/result.js'
import { median } from '../harness/statistics.js'
import { noiseOf, ratioOf, resultOf } from './figures.js'
import { type Target, targets } from './target-list.js'
import { duration, number } from './text.js'

/** A target beside what was measured. */
export interface Outcome {
  readonly claim: string
  readonly target: string
  readonly measured: string
  /** `noise`: above the target, but by no more than the base differs from itself. */
  readonly status: 'met' | 'noise' | 'open'
  readonly obstacle: string | undefined
}

/** The targets that a result says something about. */
export function outcomesOf({ suite, tables }: SuiteResult): Outcome[] {
  return targets
    .filter((target) => target.suite === suite)
    .flatMap((target) => {
      const measured = tables
        .filter(({ workload, concurrency }) => workload === target.workload && isCounted(target, concurrency))
        .map((table) => ({ table, value: measuredValue(target, table) }))
      if (measured.length === 0) return []
      const isDuration = target.against === undefined || target.measure === 'p99'
      const format = isDuration ? duration : number
      const status = statusOf(measured, target)
      return {
        claim: target.claim,
        target: `<= ${isDuration ? `${target.atMost} ms` : number(target.atMost)}`,
        measured: measured
          .map(({ table, value }) => `${format(value)}${table.single ? '' : ` (at ${table.concurrency})`}`)
          .join(', '),
        status,
        obstacle: status === 'open' ? target.obstacle : undefined,
      }
    })
}

function statusOf(
  measured: readonly { readonly table: TableResult; readonly value: number }[],
  { atMost, measure }: Target,
): Outcome['status'] {
  if (measured.every(({ value }) => value <= atMost)) return 'met'
  // What is counted has no noise, and that of the rounds is none of single calls.
  if (measure === 'readUnits' || measure === 'p99') return 'open'
  return measured.every(({ table, value }) => value <= atMost * noiseOf(table).high) ? 'noise' : 'open'
}

const isCounted = ({ concurrency }: Target, workers: number): boolean => concurrency?.includes(workers) ?? true

function measuredValue({ contender, against, measure = 'time' }: Target, table: TableResult): number {
  const own = resultOf(table, contender)
  if (against === undefined) return median(own.roundsMs)
  const other = resultOf(table, against)
  if (measure === 'time') return ratioOf(own, other)?.median ?? Number.NaN
  if (measure === 'p99') return (own.latencyUs.p99 - other.latencyUs.p99) / 1000
  const rounds = measure === 'cpu' ? 'roundsCpuUs' : 'roundsReadUnits'
  return median(own[rounds] ?? []) / median(other[rounds] ?? [])
}
