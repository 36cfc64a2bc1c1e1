import type { DynamoObserver } from '@miyabi/dynamo'
import type { PostgresObserver } from '@miyabi/postgres'

/** What both stores tell. Each method is optional; with none of a kind, nothing of it is made. */
export interface DatabaseObserver extends PostgresObserver, DynamoObserver {}
