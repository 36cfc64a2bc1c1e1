import { compare } from './compare.js'
import { describeMachine } from './machine.js'
import type { Plan, SuiteResult, TableResult } from './result.js'
import { assertSameResults } from './same-results.js'
import type { Suite } from './workload.js'

/** What of a suite is run, and how. */
export interface RunOptions {
  readonly suite: string
  readonly quick: boolean
  readonly plan: Plan
  /** Only these numbers of workers; all where left out. */
  readonly concurrency?: readonly number[] | undefined
  /** Only these workloads; all where left out. */
  readonly workloads?: readonly string[] | undefined
  readonly versions: Readonly<Record<string, string>>
  /** Hears what is under way. */
  readonly onProgress: (text: string) => void
}

/**
 * Checks that all contenders give the same, then measures each workload at each concurrency.
 * @throws {DifferentResultError} where a contender gives something else than the base.
 */
export async function runSuite({ workloads }: Suite, options: RunOptions): Promise<SuiteResult> {
  const { suite, quick, plan, versions, onProgress } = options
  const chosen = workloads.filter(({ name }) => options.workloads?.includes(name) ?? true)
  const machine = describeMachine() // before the suite itself makes load
  const tables: TableResult[] = []
  for (const workload of chosen) {
    onProgress(`${suite}: ${workload.name}: comparing results`)
    await assertSameResults(workload)
    for (const concurrency of workload.concurrency.filter(
      (workers) => options.concurrency?.includes(workers) ?? true,
    )) {
      onProgress(`${suite}: ${workload.name} at ${concurrency}`)
      tables.push(await compare(workload, concurrency, plan))
    }
  }
  const measuredOn = new Date().toISOString().slice(0, 10)
  return { suite, measuredOn, quick, machine, versions, plan, tables }
}
