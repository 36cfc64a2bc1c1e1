import type { DynamoHooks } from '../observe/dynamo-hooks.js'
import type { SocketStats } from '../stats.js'

/** What is known about one call, as its caller sees it, while it runs. The client's middleware maintains it. */
export interface CallRecord {
  readonly operation: string
  readonly tables: Set<string>
  readonly startedAtMs: number
  /** Requests begun, retries included. */
  attempts: number
  /** Write requests that were not definitely refused: executed, or their response never arrived. */
  possibleWrites: number
  /** Requests that wait for a free connection. */
  waiting: number
  /** Where they wait. */
  sockets?: { readonly stats: SocketStats }
  /** What the call waits for before its first request, as text. */
  waitsFor?: string | undefined
  /** The code that its caller gets, if that is not a failure of the work itself. */
  failedWith?: string | undefined
  /** Notified of its outcome; unset if nothing observes it, as for health checks. */
  readonly hooks?: DynamoHooks | undefined
  /** The SDK's name of the last failed attempt. */
  lastFailure?: string
}

/** An empty record. */
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
