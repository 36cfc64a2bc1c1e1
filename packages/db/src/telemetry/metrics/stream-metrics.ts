import type { StreamStats } from '../../streams/types.js'
import type { MetricSet } from './metric-set.js'
import { ownMetrics } from './own-metrics.js'

/** The metrics of the stream consumers that run here. @returns a function that reads them again. */
export function streamMetrics(set: MetricSet): (streams: readonly StreamStats[]) => void {
  const records = set.sum(ownMetrics.streamRecords)
  const retries = set.sum(ownMetrics.streamRetries)
  const behind = set.sum(ownMetrics.streamBehind)
  const gaps = set.sum(ownMetrics.streamGaps)
  return (streams) => {
    // From scratch each time: a closed consumer no longer has metrics, and two may have one name.
    for (const family of [records, retries, behind, gaps]) family.clear()
    for (const one of streams) {
      const { consumer } = one
      records.at(consumer, 'counted').value += one.records - one.dead
      records.at(consumer, 'dead').value += one.dead
      records.at(consumer, 'revived').value += one.revived
      retries.at(consumer, 'failed').value += one.retries
      retries.at(consumer, 'fenced').value += one.fenced
      const seconds = behind.at(consumer)
      seconds.value = Math.max(seconds.value, one.behindMs / 1000)
      const standing = gaps.at(consumer)
      standing.value = Math.max(standing.value, one.gaps)
    }
  }
}
