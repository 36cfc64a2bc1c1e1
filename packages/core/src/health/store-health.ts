/** How a store answered when it was asked how it is. */
export interface StoreHealth {
  /** `down`: the application cannot do its work with it. `degraded`: it can, and somebody should look. */
  readonly status: 'up' | 'degraded' | 'down'
  /** Whether new requests should come to this instance, as far as this store is concerned. */
  readonly ready: boolean
  /** How long it took to know, in milliseconds. */
  readonly latencyMs: number
  /** The server's version, where it says one. */
  readonly version?: string
  /** What is wrong, in words; the worst, where it is more than one thing. Names the server, never a password. */
  readonly reason?: string
  /** What to do about it. */
  readonly remedy?: string
}
