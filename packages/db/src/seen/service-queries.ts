import type { Postgres, Queries, ReplicaQueries } from '@miyabi/postgres'
import type { ReadsFromReplicas } from './replica-tracking.js'

/**
 * The queries of the service's pool from the view of one service scope: those of others count only once this one has
 * made a query.
 */
export function serviceQueries(service: Postgres): Queries & ReadsFromReplicas {
  const { answered, written } = service
  let hasAsked = false
  let reads: ReplicaQueries | undefined
  const asking = (): Postgres => {
    hasAsked = true
    return service
  }
  return {
    get prisma() {
      return asking().prisma
    },
    transaction: (work, options) => asking().transaction(work, options),
    read: (work, options) => asking().read(work, options),
    query: (text, values) => asking().query(text, values),
    replica(tracking) {
      reads = service.replica(tracking)
      return reads
    },
    get answered() {
      return (hasAsked ? service.answered : answered) + (reads?.answered ?? 0)
    },
    get written() {
      return hasAsked ? service.written : written
    },
  }
}
