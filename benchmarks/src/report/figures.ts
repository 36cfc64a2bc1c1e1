import type { ContenderResult, TableResult } from '../harness/result.js'
import { median } from '../harness/statistics.js'

/** Time against another contender of the same table: the median over rounds, the smallest and the largest. Less is faster. */
export interface Ratio {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** One row of a table as a reader sees it. */
export interface Figures {
  readonly result: ContenderResult
  /** Time against the base; undefined where there are no figures. */
  readonly ratio: Ratio | undefined
  /** Against the noise, which is the range of the base against itself. */
  readonly verdict: 'base' | 'noise' | 'faster' | 'slower' | 'same' | 'failed'
  /** Milliseconds an operation, the median over rounds. */
  readonly ms: number
  readonly cpuUs: number
}

/** Compares round with round: what disturbs a round disturbs both. */
export function ratioOf(of: ContenderResult, to: ContenderResult): Ratio | undefined {
  const ratios = of.roundsMs.flatMap((ms, round) => {
    const other = to.roundsMs[round]
    return other === undefined ? [] : [ms / other]
  })
  if (ratios.length === 0) return undefined
  return { median: median(ratios), low: Math.min(...ratios), high: Math.max(...ratios) }
}

/** The base against itself, as far as it went in any round, taken both ways: a difference inside this range may be chance. */
export function noiseOf(table: TableResult): { readonly low: number; readonly high: number } {
  const ratio = ratioOf(resultOf(table, table.twin), resultOf(table, table.base))
  const high = ratio === undefined ? Number.POSITIVE_INFINITY : Math.max(ratio.high, 1 / ratio.low)
  return { low: 1 / high, high }
}

/** Every contender's figures, in the order of the table. */
export function figuresOf(table: TableResult): Figures[] {
  const base = resultOf(table, table.base)
  const noise = noiseOf(table)
  return table.contenders.map((result) => {
    const ratio = ratioOf(result, base)
    const verdict = verdictOf(table, result, ratio, noise)
    return { result, ratio, verdict, ms: median(result.roundsMs), cpuUs: median(result.roundsCpuUs) }
  })
}

function verdictOf(
  { base, twin }: TableResult,
  { contender }: ContenderResult,
  ratio: Ratio | undefined,
  noise: { readonly low: number; readonly high: number },
): Figures['verdict'] {
  if (ratio === undefined) return 'failed'
  if (contender === base) return 'base'
  if (contender === twin) return 'noise'
  if (ratio.median < noise.low) return 'faster'
  return ratio.median > noise.high ? 'slower' : 'same'
}

/** @throws {RangeError} where the table has no such contender. */
export function resultOf(table: TableResult, contender: string): ContenderResult {
  const found = table.contenders.find((result) => result.contender === contender)
  if (found === undefined) throw new RangeError(`${table.workload} has no contender ${contender}`)
  return found
}
