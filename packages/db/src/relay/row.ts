import type { Identity } from '@miyabi/postgres'

/** A row of the outbox as a relay reads it. */
export interface OutboxRow {
  readonly partition: number
  /** Unique, and in commit order among the rows of one key. */
  readonly position: bigint
  readonly id: string
  readonly key: string | undefined
  readonly topic: string
  readonly version: number
  /** As it was written. */
  readonly payload: string
  /** The actor, as the database recorded it. */
  readonly actor: Identity | 'service'
  readonly createdAtMs: number
  /** Attempts so far, as far as they were recorded. */
  readonly attempts: number
}
