import type { Change, StreamItems, StreamName } from '@miyabi/dynamo'
import type { Queries, TransactionRun, TransactionWork } from '@miyabi/postgres'

/** The Prisma client of the transaction that also moves the checkpoint, as the service. */
export type StreamTransaction = Parameters<TransactionWork<void>>[0]

/** The transaction's run, as a handler gets it. */
export interface StreamRun extends Pick<TransactionRun, 'attempt' | 'signal' | 'query'> {
  /** Says that so many of the changes are none of its concern: `stats().passedOver`, once they are committed. */
  passOver(changes: number): void
}

/**
 * Puts changes into effect. It may be called more than once for the same ones, each time in another transaction, of
 * which one is committed: what it does elsewhere is not undone.
 */
export type HandleChanges<T> = (changes: readonly Change<T>[], tx: StreamTransaction, run: StreamRun) => Promise<void>

/** Why records are lost, or may be. */
export type GapReason =
  /** DynamoDB removed them, a day after they were written, before they were read. */
  | 'trimmed'
  /** A shard is gone that was not read to its end, or whose children were not seen. */
  | 'shard_gone'
  /** The table has another stream: what was written while it had none is in neither. */
  | 'stream_replaced'

/** A place in a stream at which records are lost, or may be. */
export interface StreamGap {
  readonly consumer: string
  readonly reason: GapReason
  /** The stream's ARN. */
  readonly stream: string
  readonly shard: string
  /** Of the last record that was counted before it; undefined where there is none. */
  readonly sequence: string | undefined
  /** When DynamoDB took that record. */
  readonly recordAt: Date | undefined
}

/** What to do about a gap: it is told, and counting goes on behind it with the commit of its transaction. */
export type HandleGap = (gap: StreamGap, tx: StreamTransaction) => Promise<void>

/** How a stream is consumed. */
export interface ConsumeOptions<From extends StreamName = StreamName> {
  /** Whose changes: those of the events, or of the agents' current states. */
  readonly from: From
  readonly handle: HandleChanges<StreamItems[From]>
  /**
   * Where a consumer of this name begins that was never there before: at the oldest record that is kept (a day on AWS),
   * or with those from now on, to the second. Default `oldest`.
   */
  readonly startAt?: 'oldest' | 'now'
  /** How many changes a transaction has at most, 1 to 1,000. Default 100. */
  readonly batch?: number
  /** After how long without a sign of life another process takes a shard over, in milliseconds. Default 10,000. */
  readonly leaseMs?: number
  /**
   * What to do where records are lost. Default `stop`: the shard stands, and an error is logged, until a consumer comes
   * with a function here.
   */
  readonly onGap?: 'stop' | HandleGap
  /**
   * What to do with a record that cannot be handled: its item cannot be read, the database refuses its values, or the
   * handler's own code throws. Default `dead-letter`: it is kept in `stream_dead`, with the commit of the others.
   * `stop`: its shard stands before it, and tries again every minute. What the database fails with otherwise is waited
   * out, always.
   */
  readonly onPoison?: 'stop' | 'dead-letter'
}

/** A consumer at one moment, in this process. */
export interface StreamStats {
  readonly consumer: string
  readonly from: StreamName
  /** Shards that it reads. */
  readonly shards: number
  /** Records whose checkpoint is committed. */
  readonly records: number
  /** Transactions committed for them. */
  readonly batches: number
  /** Changes that its handler said are none of its concern. */
  readonly passedOver: number
  /** Of the records, those that are dead letters. */
  readonly dead: number
  /** Dead letters that were handled after all: `miyabi streams retry`. */
  readonly revived: number
  /** How often a lease was lost to another process while a batch was under way, which then changed nothing. */
  readonly fenced: number
  /** How often something failed and was tried again. */
  readonly retries: number
  /** Shards that stand before a gap, whichever process found it. */
  readonly gaps: number
  /** How old the last record was when it was counted, of the shard that is furthest behind; 0 when all is counted. */
  readonly behindMs: number
  /** What failed last, while it still does. */
  readonly failing?: { readonly code: string; readonly reason: string }
}

/** A consumer that runs. */
export interface StreamConsumer extends AsyncDisposable {
  readonly name: string
  stats(): StreamStats
  /**
   * Ends what is under way and gives its shards back, so that another process goes on at once. A second call gives the
   * first one's promise.
   * @param graceMs how long to wait before the batch under way is rolled back, in milliseconds. Default 10,000.
   */
  close(graceMs?: number): Promise<{ readonly drained: boolean }>
}

/** The database as a consumer uses it: the service's. */
export type StreamDatabase = Pick<Queries, 'transaction' | 'query'>
