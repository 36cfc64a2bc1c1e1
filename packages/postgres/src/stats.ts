/** What became of the calls of one Prisma client since it was made. */
export interface CompiledQueryStats {
  /** Why none is compiled; undefined as long as they are. */
  readonly off: string | undefined
  /** Calls that went by a compiled plan. */
  readonly hits: number
  /** Reads that went Prisma's way as the first of their shape: a plan is made for the second. */
  readonly misses: number
  /** Others that went Prisma's way, createMany too, by method (`user.findMany`) and reason, the most frequent first. */
  readonly byPrisma: readonly { readonly call: string; readonly reason: string; readonly count: number }[]
}

/** The pool and the client on it at one moment. */
export interface PostgresStats extends PoolStats {
  /** Unset where the settings name none. */
  readonly replicas?: ReplicasStats
  readonly compiledQueries: CompiledQueryStats
}

/** A pool at one moment. `total` is `active + idle + connecting`. */
export interface PoolStats {
  /** Connections that exist or are being opened. */
  readonly total: number
  /** Handed out. */
  readonly active: number
  /** Open and free. */
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

/** Why a replica is not read from. */
export type ReplicaProblem =
  /** It was not looked at yet. */
  | 'unknown'
  /** It cannot be reached, or its login is refused. */
  | 'unreachable'
  /** It is no standby: it was promoted, or the URL names a primary. */
  | 'promoted'
  /** It follows another cluster, or another timeline of it, or is ahead of the primary. */
  | 'other_history'
  /** It is further behind than `maxLagMs`. */
  | 'lagging'

/** Why a read went to the primary. */
export type ToPrimary =
  /** No replica was well. */
  | 'none_up'
  /** It was behind what the caller had seen, for longer than `waitMs`. */
  | 'behind'
  /** What the caller had seen is of another history, or the primary did not say how far that is. */
  | 'history'
  /** The replica canceled it to go on with the log. */
  | 'conflict'
  /** It was lost, could not be reached, or refused the login. */
  | 'lost'
  /** It lacks a table or a column: a migration has not arrived there. */
  | 'schema'

/** One replica at this moment, and what was read from it since the start. */
export interface ReplicaStats {
  /** `replica-1`; of the service `service-replica-1`. */
  readonly name: string
  /** `host:port`. */
  readonly server: string
  /** Why nobody reads from it; unset while it is well. */
  readonly problem?: ReplicaProblem
  readonly reason?: string
  /** How long ago the primary was where it is now, as far as that is known: 0 where it is as far as when last asked. */
  readonly lagMs?: number
  /** Statements that it answered. */
  readonly reads: number
}

export interface ReplicasStats {
  readonly replicas: readonly ReplicaStats[]
  /** Statements that went to the primary instead, by why. */
  readonly toPrimary: Readonly<Record<ToPrimary, number>>
}
