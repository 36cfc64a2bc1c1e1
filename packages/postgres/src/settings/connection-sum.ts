/** Connections besides those of a pool: its health check has a separate one. */
const CONNECTIONS_BESIDE_POOL = 1

/** Connections kept for migrations, backups and people. */
export const DEFAULT_RESERVE = 10

/**
 * The connections that all processes together need, in the names of the settings: as stated in every text, and computed
 * by `connectionSum`.
 */
export const CONNECTION_SUM = `DB_INSTANCES x (DB_MAX_CONNECTIONS + ${CONNECTIONS_BESIDE_POOL} + DB_SERVICE_MAX_CONNECTIONS + ${CONNECTIONS_BESIDE_POOL}) + ${DEFAULT_RESERVE}`

/** Starting values, by number of users. For one process. */
export const POOL_TIERS = [
  { name: 'small', users: 500, maxConnections: 20, minConnections: 5 },
  { name: 'medium', users: 2000, maxConnections: 50, minConnections: 10 },
  { name: 'large', users: 5000, maxConnections: 100, minConnections: 20 },
] as const

/** The parts of that sum. */
export interface ConnectionCounts {
  /** Processes that share the server. */
  readonly instances: number
  /** DB_MAX_CONNECTIONS of each. */
  readonly maxConnections: number
  /** DB_SERVICE_MAX_CONNECTIONS of each, if the service has a pool. Default 0. */
  readonly serviceConnections?: number
  /** Connections for everything else. Default 10. */
  readonly reserve?: number
}

/** The sum, and its parts in words: `4 x (20 + 1 + 5 + 1) + 10 = 118`. */
export function connectionSum(counts: ConnectionCounts): {
  readonly needed: number
  readonly words: string
  /** The largest DB_MAX_CONNECTIONS with which the sum stays within `available`; 0 if there is none. */
  readonly largestMax: (available: number) => number
} {
  const { instances, maxConnections, serviceConnections = 0, reserve = DEFAULT_RESERVE } = counts
  const ofService = serviceConnections > 0 ? [serviceConnections, CONNECTIONS_BESIDE_POOL] : []
  const beside = ofService.reduce((sum, count) => sum + count, CONNECTIONS_BESIDE_POOL)
  const needed = instances * (maxConnections + beside) + reserve
  const parts = [maxConnections, CONNECTIONS_BESIDE_POOL, ...ofService]
  return {
    needed,
    words: `${instances} x (${parts.join(' + ')}) + ${reserve} = ${needed}`,
    largestMax: (available) => Math.max(0, Math.floor((available - reserve) / instances) - beside),
  }
}
