/** What the cache asks of Redis or Valkey, be it one server or a cluster, whose commands name one key alone. */
export interface RedisCommands {
  /** What keys hold, as bytes, read in their order. */
  get(keys: readonly string[]): Promise<readonly (Buffer | undefined)[]>
  /** For `ttlMs`. */
  set(key: string, value: Buffer | string, ttlMs: number): Promise<unknown>
  /** @returns whether there was none. */
  setNew(key: string, value: string, ttlMs: number): Promise<boolean>
  delete(key: string): Promise<unknown>
  /** Runs a script on one key. */
  script(text: string, key: string, values: readonly string[]): Promise<unknown>
  publish(channel: string, message: string): Promise<unknown>
  subscribe(channel: string, heard: (message: string) => void): Promise<unknown>
  /** Ends all of it at once. Never throws. */
  destroy(): void
  /** Of the server that keeps what is stored; another one has, or had, other contents. */
  readonly server: string
}

/**
 * Connects.
 * @param onLost called once, when the connection is gone.
 * @param signal ends the attempt, and all that belongs to it.
 */
export type ConnectRedis = (onLost: (error: Error) => void, signal: AbortSignal) => Promise<RedisCommands>
