import { DescribeTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Shard } from '@aws-sdk/client-dynamodb-streams'
import { defined } from '@miyabi/core'
import { awsName } from '../errors/map-error.js'
import { type CallerOptions, call, type Store } from '../items/store.js'
import type { StreamItems, StreamName, StreamRecord } from './change.js'
import { readPaceMs, streamsClient } from './client.js'
import { decodeRecord, imageReaders, recordOf } from './decode.js'

/** A shard of a stream: a part of its records, in their order. */
export interface StreamShard {
  readonly id: string
  /** The shard it was split from, or that it follows; that shard's records come first. */
  readonly parent?: string
  /** The first record's number. */
  readonly start?: string
}

/** All shards of a stream. */
export interface StreamShards {
  readonly shards: readonly StreamShard[]
  /** Whether no further shard follows: the stream was ended. */
  readonly isEnded: boolean
}

/** Where reading begins. */
export interface StreamPosition {
  /** The stream's ARN. */
  readonly stream: string
  readonly shard: string
  /** The number of the last record that was read; omitted: from the oldest stored record. */
  readonly after?: string | undefined
}

/** Some records of a shard. */
export interface StreamPage<T> {
  readonly records: readonly StreamRecord<T>[]
  /** Leads to the next page; undefined at the end of a shard that is closed. */
  readonly next?: string
}

/**
 * Returned instead of an iterator. `trimmed`: records after the position have been removed. `gone`: the shard no longer
 * exists.
 */
export interface LostShard {
  readonly lost: 'trimmed' | 'gone'
}

/** Returned instead of a page. `iterator`: it is too old, and a new one for the same position continues. */
export interface LostPage {
  readonly lost: 'trimmed' | 'iterator'
}

/**
 * DynamoDB's streams, request by request; use `db.streams.consume` of @miyabi/db to consume them. Any other failure is
 * a `DynamoError`; after `close()` it is `dynamo.closed`.
 */
export interface Streams {
  /** The shortest time from one read of a shard to the next, in milliseconds: AWS allows five a second. */
  readonly paceMs: number
  /** Returns the ARN of a table's current stream; undefined if it has none. */
  current(from: StreamName, options?: CallerOptions): Promise<string | undefined>
  /** Returns the shards of a stream, in no order; undefined if the stream no longer exists. */
  shards(stream: string, options?: CallerOptions): Promise<StreamShards | undefined>
  /** Returns an iterator, which is valid for 15 minutes. */
  iterator(position: StreamPosition, options?: CallerOptions): Promise<{ readonly iterator: string } | LostShard>
  /**
   * Returns the records at an iterator, up to `limit` (at most 1,000) and to 1 MB. There may be none, with more to
   * follow.
   */
  read<From extends StreamName>(
    from: From,
    iterator: string,
    options?: CallerOptions & { readonly limit?: number },
  ): Promise<StreamPage<StreamItems[From]> | LostPage>
  /** Returns the record from which `toText()` was made, as this release reads it. Sends nothing. */
  parse<From extends StreamName>(from: From, text: string): Promise<StreamRecord<StreamItems[From]>>
}

/** Responses that refer to streams other than those requested, as the embedded engine's do. */
const labelOf = (stream: string): string | undefined => /\/stream\/(.+)$/.exec(stream)?.[1]

/** @param table returns the name of a stream's table. */
export function bindStreams(
  client: DynamoDBClient,
  store: Store,
  table: (from: StreamName) => string,
): Streams & { destroy(): void } {
  const streams = streamsClient(client, store.settings, store.retryBudget)
  const readers = imageReaders(table)
  const tables = [table('events'), table('agentState')].join(', ')

  return {
    paceMs: readPaceMs(store.settings),

    current: (from, { signal } = {}) =>
      call(store, 'streams.current', table(from), signal, async (abortSignal) => {
        const { Table } = await client.send(new DescribeTableCommand({ TableName: table(from) }), { abortSignal })
        return Table?.StreamSpecification?.StreamEnabled ? Table.LatestStreamArn : undefined
      }),

    shards: (stream, { signal } = {}) =>
      call(store, 'streams.shards', tables, signal, async (abortSignal) => {
        const { sdk, client: sending } = await streams.load()
        const shards: StreamShard[] = []
        let isEnded = false
        let last: string | undefined
        do {
          const command = new sdk.DescribeStreamCommand({
            StreamArn: stream,
            ...defined({ ExclusiveStartShardId: last }),
          })
          const answer = await sending.send(command, { abortSignal }).catch(unless('ResourceNotFoundException'))
          const { StreamDescription: found } = answer ?? {}
          if (found === undefined || (found.StreamLabel ?? labelOf(stream)) !== labelOf(stream)) return undefined
          shards.push(...(found.Shards ?? []).flatMap(toShard))
          isEnded = found.StreamStatus === 'DISABLED'
          last = found.LastEvaluatedShardId
        } while (last !== undefined)
        return { shards, isEnded }
      }),

    iterator: ({ stream, shard, after }, { signal } = {}) =>
      call(store, 'streams.iterator', tables, signal, async (abortSignal) => {
        const { sdk, client: sending } = await streams.load()
        const command = new sdk.GetShardIteratorCommand({
          StreamArn: stream,
          ShardId: shard,
          ...(after === undefined
            ? { ShardIteratorType: 'TRIM_HORIZON' }
            : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: after }),
        })
        try {
          const { ShardIterator: iterator } = await sending.send(command, { abortSignal })
          return iterator === undefined ? { lost: 'gone' as const } : { iterator }
        } catch (error) {
          const name = awsName(error)
          if (name === 'TrimmedDataAccessException') return { lost: 'trimmed' as const }
          if (name === 'ResourceNotFoundException') return { lost: 'gone' as const }
          throw error
        }
      }),

    read: <From extends StreamName>(
      from: From,
      iterator: string,
      { signal, limit = 1000 }: CallerOptions & { readonly limit?: number } = {},
    ) =>
      call(store, 'streams.read', table(from), signal, async (abortSignal) => {
        const { sdk, client: sending } = await streams.load()
        try {
          const { Records = [], NextShardIterator: next } = await sending.send(
            new sdk.GetRecordsCommand({ ShardIterator: iterator, Limit: limit }),
            { abortSignal },
          )
          return {
            records: Records.map((record) => decodeRecord<StreamItems[From]>(record, readers[from])),
            ...defined({ next }),
          }
        } catch (error) {
          const name = awsName(error)
          if (name === 'TrimmedDataAccessException') return { lost: 'trimmed' as const }
          // DynamoDB Local returns the second for an iterator of a shard that it has closed since.
          if (name === 'ExpiredIteratorException' || name === 'ResourceNotFoundException') {
            return { lost: 'iterator' as const }
          }
          throw error
        }
      }),

    parse: async (from, text) => decodeRecord(recordOf(text), readers[from]),

    destroy: () => streams.destroy(),
  }
}

function toShard({ ShardId: id, ParentShardId: parent, SequenceNumberRange: range }: Shard): StreamShard[] {
  return id === undefined ? [] : [{ id, ...defined({ parent, start: range?.StartingSequenceNumber }) }]
}

const unless =
  (name: string) =>
  (error: unknown): undefined => {
    if (awsName(error) !== name) throw error
  }
