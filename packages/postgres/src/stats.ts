/** How the calls of one Prisma client were executed since it was created. */
export interface CompiledQueryStats {
  /** Why no calls are compiled; undefined if they are. */
  readonly off: string | undefined
  /** Calls answered by a compiled plan. */
  readonly hits: number
  /** Reads executed by Prisma as the first of their shape: the second gets a plan. */
  readonly misses: number
  /**
   * Other calls executed by Prisma, including createMany, by method (`user.findMany`) and reason, the most frequent
   * first.
   */
  readonly byPrisma: readonly { readonly call: string; readonly reason: string; readonly count: number }[]
}

/** The state of the pool and the client on it. */
export interface PostgresStats extends PoolStats {
  /** Unset if the settings name none. */
  readonly replicas?: ReplicasStats
  readonly compiledQueries: CompiledQueryStats
}

/** The state of a pool. `total` is `active + idle + connecting`. */
export interface PoolStats {
  /** Connections that exist or are being opened. */
  readonly total: number
  /** In use. */
  readonly active: number
  /** Open and idle. */
  readonly idle: number
  /** Being opened. */
  readonly connecting: number
  /** Callers that wait for a connection. */
  readonly waiting: number
  /** DB_MAX_CONNECTIONS. */
  readonly max: number
  /** DB_MIN_CONNECTIONS. */
  readonly min: number
}

/** Why a replica is not used. */
export type ReplicaProblem =
  /** It was not checked yet. */
  | 'unknown'
  /** It cannot be reached, or it rejected the login. */
  | 'unreachable'
  /** It is not a standby: it was promoted, or the URL names a primary. */
  | 'promoted'
  /** It follows another cluster, or another timeline of it, or is ahead of the primary. */
  | 'other_history'
  /** It is further behind than `maxLagMs`. */
  | 'lagging'

/** Why a read was sent to the primary. */
export type ToPrimary =
  /** No replica was healthy. */
  | 'none_up'
  /** It was behind what the caller had seen, for longer than `waitMs`. */
  | 'behind'
  /** What the caller had seen belongs to another history, or the primary did not report its position. */
  | 'history'
  /** The replica canceled it to continue replaying the log. */
  | 'conflict'
  /** It was lost, could not be reached, or rejected the login. */
  | 'lost'
  /** It lacks a table or a column: a migration has not been replayed there yet. */
  | 'schema'

/** The state of one replica, and its reads since startup. */
export interface ReplicaStats {
  /** `replica-1`, or for the service `service-replica-1`. */
  readonly name: string
  /** `host:port`. */
  readonly server: string
  /** Why it is not used; unset while it is healthy. */
  readonly problem?: ReplicaProblem
  readonly reason?: string
  /**
   * How long ago the primary was where the replica is now, as far as known: 0 if it was up to date at the last check.
   */
  readonly lagMs?: number
  /** Statements that it answered. */
  readonly reads: number
}

export interface ReplicasStats {
  readonly replicas: readonly ReplicaStats[]
  /** Statements sent to the primary instead, by reason. */
  readonly toPrimary: Readonly<Record<ToPrimary, number>>
}
