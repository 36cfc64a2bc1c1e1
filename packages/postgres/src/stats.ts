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
