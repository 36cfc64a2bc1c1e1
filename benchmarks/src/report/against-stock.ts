import type { TableResult } from '../harness/result.js'
import { claimOf, noiseOf, type Ratio, ratioOf } from './figures.js'

/** The same call of our client and of stock Prisma's, by their names in a table. */
const pairs = [
  ['ours: prisma', 'Prisma'],
  ['ours: prisma, findFirst', 'Prisma, findFirst'],
] as const

/** Ours against stock Prisma in one table. */
export interface AgainstStock {
  readonly workload: string
  readonly concurrency: number
  readonly ratio: Ratio
  /** The noise of the table: what is above it is slower. */
  readonly noise: number
  readonly verdict: 'faster' | 'slower' | 'same'
}

/** Every pair of every table that has one. */
export function againstStock(tables: readonly TableResult[]): AgainstStock[] {
  return tables.flatMap((table) =>
    pairs.flatMap(([ours, stock]) => {
      const [own, other] = [ours, stock].map((name) => table.contenders.find(({ contender }) => contender === name))
      const ratio = own && other && ratioOf(own, other)
      if (ratio === undefined) return []
      const noise = noiseOf(table)
      const call = ours.split(', ')[1]
      return {
        workload: call === undefined ? table.workload : `${table.workload}, ${call}`,
        concurrency: table.concurrency,
        ratio,
        noise: noise.high,
        verdict: claimOf(ratio, noise),
      }
    }),
  )
}
