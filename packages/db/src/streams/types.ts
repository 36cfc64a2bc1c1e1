import type { Change, StreamItems, StreamName } from '@miyabi/dynamo'
import type { Queries, TransactionRun, TransactionWork } from '@miyabi/postgres'

/** The Prisma client of the transaction that also moves the checkpoint, as the service. */
export type StreamTransaction = Parameters<TransactionWork<void>>[0]

/** The transaction's run, as a handler receives it. */
export interface StreamRun extends Pick<TransactionRun, 'attempt' | 'signal' | 'query'> {
  /**
   * Reports that this many of the changes are irrelevant to the handler: `stats().passedOver`, once they are committed.
   */
  passOver(changes: number): void
}

/**
 * Applies changes. It may be called more than once for the same ones, each time in another transaction, of which one is
 * committed: anything it does elsewhere is not undone.
 */
export type HandleChanges<T> = (changes: readonly Change<T>[], tx: StreamTransaction, run: StreamRun) => Promise<void>

/** Why records are, or may be, lost. */
export type GapReason =
  /** DynamoDB removed them, a day after they were written, before they were read. */
  | 'trimmed'
  /** A shard no longer exists that was not read to its end, or whose children were not found. */
  | 'shard_gone'
  /** The table has another stream: changes written while it had none are in neither. */
  | 'stream_replaced'

/** A position in a stream at which records are, or may be, lost. */
export interface StreamGap {
  readonly consumer: string
  readonly reason: GapReason
  /** The stream's ARN. */
  readonly stream: string
  readonly shard: string
  /** The number of the last record that was counted before it; undefined if there is none. */
  readonly sequence: string | undefined
  /** When DynamoDB accepted that record. */
  readonly recordAt: Date | undefined
}

/** What to do about a gap: it is reported, and counting continues after it with the commit of its transaction. */
export type HandleGap = (gap: StreamGap, tx: StreamTransaction) => Promise<void>

/** How a stream is consumed. */
export interface ConsumeOptions<From extends StreamName = StreamName> {
  /** The stream: changes of the events, or of the agents' current states. */
  readonly from: From
  readonly handle: HandleChanges<StreamItems[From]>
  /**
   * Where a consumer with a new name starts: at the oldest stored record (a day on AWS), or with changes from now on,
   * to the second. Default `oldest`.
   */
  readonly startAt?: 'oldest' | 'now'
  /** The most changes in a transaction, 1 to 1,000. Default 100. */
  readonly batch?: number
  /** After how long without activity another process takes over a shard, in milliseconds. Default 10,000. */
  readonly leaseMs?: number
  /**
   * What to do if records are lost. Default `stop`: the shard stops, and an error is logged, until a consumer runs with
   * a function here.
   */
  readonly onGap?: 'stop' | HandleGap
  /**
   * What to do with a record that cannot be handled: its item cannot be read, the database refuses its values, or the
   * handler's own code throws. Default `dead-letter`: it is stored in `stream_dead`, with the commit of the others.
   * `stop`: its shard stops before it, and retries every minute. Other failures of the database are always waited out.
   */
  readonly onPoison?: 'stop' | 'dead-letter'
}

/** The current state of a consumer, in this process. */
export interface StreamStats {
  readonly consumer: string
  readonly from: StreamName
  /** Shards that it is reading. */
  readonly shards: number
  /** Records whose checkpoint is committed. */
  readonly records: number
  /** Transactions committed for them. */
  readonly batches: number
  /** Changes that its handler reported as irrelevant. */
  readonly passedOver: number
  /** Of the records, those that became dead letters. */
  readonly dead: number
  /** Dead letters that were handled later: `miyabi streams retry`. */
  readonly revived: number
  /** How often a lease was lost to another process while a batch was in progress, which then changed nothing. */
  readonly fenced: number
  /** How often something failed and was retried. */
  readonly retries: number
  /** Shards that are stopped before a gap, whichever process found it. */
  readonly gaps: number
  /** How old the last record was when it was counted, for the shard that is furthest behind; 0 when all is counted. */
  readonly behindMs: number
  /** The last failure, while it persists. */
  readonly failing?: { readonly code: string; readonly reason: string }
}

/** A running consumer. */
export interface StreamConsumer extends AsyncDisposable {
  readonly name: string
  stats(): StreamStats
  /**
   * Ends work in progress and releases its shards, so that another process continues immediately. A second call returns
   * the first promise.
   * @param graceMs how long to wait before the batch in progress is rolled back, in milliseconds. Default 10,000.
   */
  close(graceMs?: number): Promise<{ readonly drained: boolean }>
}

/** The database as a consumer uses it: the service's. */
export type StreamDatabase = Pick<Queries, 'transaction' | 'query'>
