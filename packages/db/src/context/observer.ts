import type { LogFields } from '@miyabi/core'
import type { DynamoObserver } from '@miyabi/dynamo'
import type { PostgresObserver } from '@miyabi/postgres'

/** What both stores tell. Each method is optional; with none of a kind, nothing of it is made. */
export interface DatabaseObserver extends PostgresObserver, DynamoObserver {
  /** Fields for each line of the log, of the asynchronous context in which it is written: the ids of a trace. */
  logFields?(): LogFields
}
