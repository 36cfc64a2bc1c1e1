import type { DatabaseStats } from '../../context/context.js'
import type { MetricSet } from './metric-set.js'
import { ownMetrics } from './own-metrics.js'

type Replicas = NonNullable<DatabaseStats['postgres']['replicas']>

/** The metrics of replicas, of both logins. @returns a function that reads them again. */
export function replicaMetrics(set: MetricSet): (logins: readonly (Replicas | undefined)[]) => void {
  const up = set.sum(ownMetrics.replicaUp)
  const lag = set.sum(ownMetrics.replicaLag)
  const reads = set.sum(ownMetrics.replicaReads)
  const toPrimary = set.sum(ownMetrics.replicaToPrimary)
  return (logins) => {
    for (const family of [up, lag, reads, toPrimary]) family.clear()
    for (const login of logins) {
      for (const { name, problem, lagMs, reads: count } of login?.replicas ?? []) {
        up.at(name).value = problem === undefined ? 1 : 0
        if (lagMs !== undefined) lag.at(name).value = lagMs / 1000
        reads.at(name).value = count
      }
      for (const [why, count] of Object.entries(login?.toPrimary ?? {})) toPrimary.at(why).value += count
    }
  }
}
