import type { CacheStats } from '../../cache/stats.js'
import type { MetricSet } from './metric-set.js'
import { ownMetrics } from './own-metrics.js'

/** The metrics of the cache of this process, once it was used. @returns a function that reads them again. */
export function cacheMetrics(set: MetricSet): (stats: CacheStats | undefined) => void {
  const calls = set.sum(ownMetrics.cacheCalls)
  const loads = set.sum(ownMetrics.cacheLoads)
  const errors = set.sum(ownMetrics.cacheErrors)
  const entries = set.sum(ownMetrics.cacheEntries)
  const bytes = set.sum(ownMetrics.cacheBytes)
  const hearing = set.sum(ownMetrics.cacheHearing)
  return (stats) => {
    if (!stats) return
    calls.at('memory').value = stats.hits
    calls.at('redis').value = stats.secondHits
    calls.at('stale').value = stats.stale
    calls.at('miss').value = stats.misses
    loads.at().value = stats.loads
    errors.at('redis').value = stats.errors
    errors.at('too_large').value = stats.tooLarge
    entries.at().value = stats.entries
    bytes.at().value = stats.bytes
    hearing.at().value = stats.isHearing ? 1 : 0
  }
}
