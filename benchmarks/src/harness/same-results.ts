import { isDeepStrictEqual } from 'node:util'
import { MiyabiError } from '@miyabi/core'
import type { Workload } from './workload.js'

/** A contender that does something else than the base: its time would say nothing. */
export class DifferentResultError extends MiyabiError<'benchmarks.different_result'> {
  override readonly name = 'DifferentResultError'

  constructor(workload: string, contender: string, base: string, expected: unknown, found: unknown) {
    const text = (value: unknown): string => JSON.stringify(value)?.slice(0, 2000) ?? 'nothing'
    super(
      'benchmarks.different_result',
      `${workload}: ${contender} gives another result than ${base}.\n  ${base}: ${text(expected)}\n  ${contender}: ${text(found)}`,
    )
  }
}

/**
 * Runs every contender on the same turns and compares what they give.
 * @throws {DifferentResultError} where one gives something else than the base.
 */
export async function assertSameResults(workload: Workload): Promise<void> {
  const { comparable = (result: unknown) => result, contenders } = workload
  await workload.reset?.()
  for (const turn of workload.single ? [1] : [1, 20]) {
    let expected: unknown
    for (const [index, contender] of contenders.entries()) {
      await contender.before?.()
      const result = await contender.run(turn).catch((error: Error) => error)
      await contender.after?.()
      if (result instanceof Error) continue // it fails again when it is measured, and its row says so
      const found = plain(comparable(result))
      if (index === 0) expected = found
      else if (!isDeepStrictEqual(found, expected)) {
        throw new DifferentResultError(workload.name, contender.name, contenders[0].name, expected, found)
      }
    }
  }
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/
const DECIMAL = /^-?\d+\.\d+$/

/**
 * A value without its library's manner: instants as ISO text, decimals as numbers, keys in order. Libraries differ in
 * these, and a caller would notice; which kinds they are is told in the page, not hidden.
 */
function plain(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString()
  if (typeof value === 'string') {
    if (INSTANT.test(value)) return new Date(value).toISOString()
    return DECIMAL.test(value) ? Number(value) : value
  }
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  if ('toFixed' in value) return Number(value) // Prisma's Decimal
  if ('toJSON' in value && typeof value.toJSON === 'function') return plain(value.toJSON()) // MikroORM's entities
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, plain(inner)]),
  )
}
