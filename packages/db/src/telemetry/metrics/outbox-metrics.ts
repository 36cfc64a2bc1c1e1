import type { Backlog } from '../../outbox/backlog.js'
import type { DepthStats } from '../../outbox/depth-bound.js'
import type { RelayStats } from '../../relay/stats.js'
import type { MetricSet } from './metric-set.js'
import { ownMetrics } from './own-metrics.js'

/**
 * The metrics of the relays that run here, and of the limit on the outbox. @returns a function that reads them again.
 */
export function outboxMetrics(
  set: MetricSet,
): (relays: readonly RelayStats[], bound: DepthStats | undefined, backlog: Backlog | undefined) => void {
  const lag = set.sum(ownMetrics.outboxLag)
  const depth = set.sum(ownMetrics.outboxDepth)
  const delivered = set.sum(ownMetrics.outboxDelivered)
  const redelivered = set.sum(ownMetrics.outboxRedelivered)
  const failed = set.sum(ownMetrics.outboxFailed)
  const dead = set.sum(ownMetrics.outboxDead)
  const unknown = set.sum(ownMetrics.outboxUnknown)
  const waiting = set.sum(ownMetrics.outboxWaiting)
  const holding = set.sum(ownMetrics.outboxRelays)
  const refused = set.sum(ownMetrics.outboxRefused)
  return (relays, bound, backlog) => {
    if (bound) refused.at().value = bound.refused
    // From scratch each time: a closed relay no longer has metrics.
    for (const family of [lag, depth, delivered, redelivered, failed, dead, unknown, waiting, holding]) family.clear()
    if (backlog) {
      waiting.at().value = backlog.waiting
      holding.at().value = backlog.relays
    }
    for (const relay of relays) {
      const seconds = lag.at()
      seconds.value = Math.max(seconds.value, relay.lagMs / 1000)
      depth.at().value += relay.depth
      for (const [topic, counts] of Object.entries(relay.topics)) {
        delivered.at(topic).value += counts.delivered
        redelivered.at(topic).value += counts.redelivered
        failed.at(topic).value += counts.failed
        dead.at(topic).value += counts.dead
      }
      for (const [name, rows] of Object.entries(relay.unknown)) {
        unknown.at(name.slice(0, name.lastIndexOf('@'))).value += rows
      }
    }
  }
}
