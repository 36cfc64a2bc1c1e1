import type { Contender } from './workload.js'

/** What happened while one contender had the machine. */
export interface Slice {
  readonly operations: number
  readonly elapsedMs: number
  readonly cpuUs: number
  /** All that its operations consumed; undefined where nobody counts. */
  readonly readUnits: number | undefined
  /** Results older than what their caller had written; undefined if that is not counted. */
  readonly stale: number | undefined
  readonly latenciesUs: readonly number[]
  readonly errors: readonly Error[]
}

/** Runs a contender with so many workers, each calling again as soon as it is answered. Each calls at least once. */
export async function runSlice(contender: Contender, workers: number, ms: number, turns: () => number): Promise<Slice> {
  await contender.before?.()
  const latenciesUs: number[] = []
  const errors: Error[] = []
  const unitsBefore = contender.readUnits?.() ?? 0
  const staleBefore = contender.stale?.() ?? 0
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  const endsAt = startedAt + ms
  const work = async (): Promise<void> => {
    do {
      const calledAt = performance.now()
      try {
        await contender.run(turns())
        latenciesUs.push((performance.now() - calledAt) * 1000)
      } catch (error) {
        errors.push(error as Error)
      }
    } while (performance.now() < endsAt)
  }
  await Promise.all(Array.from({ length: workers }, work))
  const elapsedMs = performance.now() - startedAt
  const { user, system } = process.cpuUsage(cpu)
  const unitsAfter = contender.readUnits?.()
  const readUnits = unitsAfter === undefined ? undefined : unitsAfter - unitsBefore
  const staleAfter = contender.stale?.()
  const stale = staleAfter === undefined ? undefined : staleAfter - staleBefore
  await contender.after?.()
  return { operations: latenciesUs.length, elapsedMs, cpuUs: user + system, readUnits, stale, latenciesUs, errors }
}
