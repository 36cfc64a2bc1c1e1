import type { LogFields } from '@miyabi/core'
import type { DynamoObserver } from '@miyabi/dynamo'
import type { PostgresObserver } from '@miyabi/postgres'

/** Facts of both stores. Each method is optional; a fact without an observer is not created. */
export interface DatabaseObserver extends PostgresObserver, DynamoObserver {
  /** Returns fields for a log line from the asynchronous context in which it is written: the ids of a trace. */
  logFields?(): LogFields
}
