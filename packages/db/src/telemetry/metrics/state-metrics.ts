import { withDeadline } from '@miyabi/core'
import type { Database, DatabaseStats } from '../../context/context.js'
import { ANYBODY, type Backlog, readBacklog } from '../../outbox/backlog.js'
import { shared } from '../shared.js'
import { backupMetrics } from './backup-metrics.js'
import { cacheMetrics } from './cache-metrics.js'
import { conventions } from './conventions.js'
import type { MetricSet } from './metric-set.js'
import { outboxMetrics } from './outbox-metrics.js'
import { ownMetrics } from './own-metrics.js'
import { replicaMetrics } from './replica-metrics.js'
import { streamMetrics } from './stream-metrics.js'

/** Longer than the stores' own limit of a second. A scrape waits for ten by default. In milliseconds. */
const HEALTH_LIMIT_MS = 2_000
/** The maximum age of the reported health of the stores, in milliseconds: several readers cost no more than one. */
const HEALTH_KEEP_MS = 500

/** The waiting rows of the outbox are counted up to this number. */
const MOST_WAITING = 1000

/** The name of DynamoDB's connections among the pools. */
const SOCKETS = 'dynamodb'

/**
 * The metrics that are read on request: the state of the pools, what DynamoDB billed, and the health of both stores.
 * @returns a function that reads them again and returns the names of PostgreSQL's pools.
 */
export function stateMetrics(db: Database, set: MetricSet): () => Promise<readonly string[]> {
  const count = set.sum(conventions.connectionCount)
  const idleMax = set.sum(conventions.connectionIdleMax)
  const idleMin = set.sum(conventions.connectionIdleMin)
  const limit = set.sum(conventions.connectionLimit)
  const pending = set.sum(conventions.pendingRequests)
  const compiledReads = set.sum(ownMetrics.compiledReads)
  const capacity = set.sum(ownMetrics.consumedCapacity)
  const failedConditions = set.sum(ownMetrics.failedConditions)
  const eventWriterPending = set.sum(ownMetrics.eventWriterPending)
  const readStreams = streamMetrics(set)
  const readOutbox = outboxMetrics(set)
  const readBackups = backupMetrics(db, set)
  const readCache = cacheMetrics(set)
  const readReplicas = replicaMetrics(set)
  const ready = set.sum(ownMetrics.ready)
  const problem = set.sum(ownMetrics.problem)

  const readPool = (name: string, { active, idle, max, min, waiting, compiledQueries }: Pool): void => {
    count.at(name, 'idle').value = idle
    count.at(name, 'used').value = active
    idleMax.at(name).value = max
    idleMin.at(name).value = min
    limit.at(name).value = max
    pending.at(name).value = waiting
    compiledReads.at(name, 'hit').value = compiledQueries.hits
    compiledReads.at(name, 'miss').value = compiledQueries.misses
    compiledReads.at(name, 'prisma').value = compiledQueries.byPrisma.reduce((sum, one) => sum + one.count, 0)
  }

  const readDynamo = ({ sockets, capacity: uses, eventWriters }: DatabaseStats['dynamodb']): void => {
    count.at(SOCKETS, 'used').value = sockets.active
    limit.at(SOCKETS).value = sockets.max
    pending.at(SOCKETS).value = sockets.waiting
    eventWriterPending.at().value = eventWriters.pending
    // From scratch each time, because several of the meter's sums may go into the series of the rest.
    capacity.clear()
    failedConditions.clear()
    for (const { table, index, operation, readUnits, writeUnits, failedConditions: refused } of uses) {
      if (readUnits > 0) capacity.at(table, index, operation, 'read').value += readUnits
      if (writeUnits > 0) capacity.at(table, index, operation, 'write').value += writeUnits
      if (refused > 0) failedConditions.at(table, operation).value += refused
    }
  }

  const checkHealth = shared(HEALTH_KEEP_MS, () =>
    db.healthCheck({ signal: AbortSignal.timeout(HEALTH_LIMIT_MS) }).catch(() => undefined),
  )
  /** What waits in the outbox, for any relay; a process that does not use the outbox sends no query. */
  const askBacklog = shared(HEALTH_KEEP_MS, (): Promise<Backlog | undefined> => {
    const onTimeout = (): Error => new Error('no response')
    const asked = withDeadline({ ms: HEALTH_LIMIT_MS, onTimeout }, () => readBacklog(db.as(ANYBODY), MOST_WAITING))
    return asked.catch(() => undefined)
  })
  /** @returns whether PostgreSQL responds. */
  const readHealth = async (): Promise<boolean> => {
    const health = await checkHealth()
    problem.clear()
    ready.clear()
    if (!health) return false
    const { postgres, dynamodb } = health
    ready.at('postgresql').value = postgres.ready ? 1 : 0
    ready.at('aws.dynamodb').value = dynamodb.ready ? 1 : 0
    if (postgres.status !== 'up' || postgres.problem) problem.at('postgresql', postgres.problem ?? 'other').value = 1
    if (dynamodb.status !== 'up') problem.at('aws.dynamodb', 'dynamo.down').value = 1
    return postgres.ready
  }

  return async () => {
    const { postgres, service, dynamodb, streams, relays, outbox, cache } = db.stats()
    readPool('main', postgres)
    if (service) readPool('service', service)
    readDynamo(dynamodb)
    readStreams(streams)
    readReplicas([postgres.replicas, service?.replicas])
    readCache(cache)
    const [isReady] = await Promise.all([readHealth(), readBackups()])
    const hasOutbox = outbox.transactions > 0 || relays.length > 0
    readOutbox(relays, outbox.bound, isReady && hasOutbox ? await askBacklog() : undefined)
    return service ? ['main', 'service'] : ['main']
  }
}

type Pool = DatabaseStats['postgres']
