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
