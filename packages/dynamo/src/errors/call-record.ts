import type { DynamoHooks } from '../observe/dynamo-hooks.js'
import type { SocketStats } from '../stats.js'

/** What is known about one call, as its caller sees it, while it runs. The client's middleware keeps it. */
export interface CallRecord {
  readonly operation: string
  readonly tables: Set<string>
  readonly startedAtMs: number
  /** Requests begun, retries included. */
  attempts: number
  /** Write requests that were not definitely refused: done, or their answer never came. */
  possibleWrites: number
  /** Requests that wait for a free connection. */
  waiting: number
  /** Where they wait. */
  sockets?: { readonly stats: SocketStats }
  /** What the call waits for before its first request, in words. */
  waitsFor?: string | undefined
  /** The code of what its caller gets, where that is no failure of the work itself. */
  failedWith?: string | undefined
  /** Told of what becomes of it; unset where nobody is, as of health checks. */
  readonly hooks?: DynamoHooks | undefined
  /** The SDK's name of the last failed attempt. */
  lastFailure?: string
}

/** A record of nothing yet. */
export function newRecord(options: {
  readonly operation: string
  readonly tables?: readonly string[]
  readonly hooks?: DynamoHooks | undefined
}): CallRecord {
  return {
    operation: options.operation,
    tables: new Set(options.tables),
    startedAtMs: performance.now(),
    attempts: 0,
    possibleWrites: 0,
    waiting: 0,
    hooks: options.hooks,
  }
}
