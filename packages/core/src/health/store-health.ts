/** The result of a store's health check. */
export interface StoreHealth {
  /** `down`: the application cannot work with it. `degraded`: it can, but an operator should investigate. */
  readonly status: 'up' | 'degraded' | 'down'
  /** Whether this instance should receive new requests, as far as this store is concerned. */
  readonly ready: boolean
  /** How long the check took, in milliseconds. */
  readonly latencyMs: number
  /** The server's version, if it reports one. */
  readonly version?: string
  /** What is wrong; the most severe problem if there are several. Names the server, never a password. */
  readonly reason?: string
  /** What to do about it. */
  readonly remedy?: string
}
