import type { ContenderResult, TableResult } from '../harness/result.js'
import { median, quantile } from '../harness/statistics.js'

/**
 * Time against another contender of the same table: the median over the rounds, and the middle half of them. Less is
 * faster.
 */
export interface Ratio {
  readonly median: number
  /** A quarter of the rounds lie below. */
  readonly low: number
  /** A quarter of the rounds lie above. */
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
  return { median: median(ratios), low: quantile(ratios, 0.25), high: quantile(ratios, 0.75) }
}

/**
 * How far the middle half of the base's rounds strays from itself, taken both ways: a difference inside this range may
 * be chance.
 */
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
  return claimOf(ratio, noise)
}

/** Faster or slower only where the median lies beyond the noise, and three quarters of the rounds agree on the side. */
export function claimOf(
  ratio: Ratio,
  noise: { readonly low: number; readonly high: number },
): 'faster' | 'slower' | 'same' {
  if (ratio.median < noise.low && ratio.high < 1) return 'faster'
  return ratio.median > noise.high && ratio.low > 1 ? 'slower' : 'same'
}

/** @throws {RangeError} where the table has no such contender. */
export function resultOf(table: TableResult, contender: string): ContenderResult {
  const found = table.contenders.find((result) => result.contender === contender)
  if (found === undefined) throw new RangeError(`${table.workload} has no contender ${contender}`)
  return found
}
