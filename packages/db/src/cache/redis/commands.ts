/** The commands of Redis or Valkey that the cache uses, on one server or a cluster. Each names only one key. */
export interface RedisCommands {
  /** Returns the values of keys as bytes, in the order of the keys. */
  get(keys: readonly string[]): Promise<readonly (Buffer | undefined)[]>
  /** Sets a key that expires after `ttlMs`. */
  set(key: string, value: Buffer | string, ttlMs: number): Promise<unknown>
  /** Sets a key only if it does not exist. @returns whether it was set. */
  setNew(key: string, value: string, ttlMs: number): Promise<boolean>
  delete(key: string): Promise<unknown>
  /** Runs a script on one key. */
  script(text: string, key: string, values: readonly string[]): Promise<unknown>
  publish(channel: string, message: string): Promise<unknown>
  subscribe(channel: string, heard: (message: string) => void): Promise<unknown>
  /** Closes all connections immediately. Never throws. */
  destroy(): void
  /** Identifies the server that holds the data; the contents of another server differ. */
  readonly server: string
}

/**
 * Connects.
 * @param onLost called once, when the connection is gone.
 * @param signal ends the attempt and its connections.
 */
export type ConnectRedis = (onLost: (error: Error) => void, signal: AbortSignal) => Promise<RedisCommands>
