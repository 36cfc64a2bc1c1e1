import type {
  LostPage,
  LostShard,
  StreamItems,
  StreamName,
  StreamPage,
  StreamRecord,
  StreamShards,
} from '@miyabi/dynamo'
import type { DynamoOnDemand } from '@miyabi/dynamo/on-demand'

/** One table's streams, as a consumer reads them. */
export interface StreamSource<T> {
  /** The shortest time from one read of a shard to the next, in milliseconds. AWS allows five a second. */
  readonly paceMs: number
  /** The current stream's ARN; undefined if the table has none. */
  current(signal: AbortSignal): Promise<string | undefined>
  /** Undefined if the stream no longer exists. */
  shards(stream: string, signal: AbortSignal): Promise<StreamShards | undefined>
  iterator(
    stream: string,
    shard: string,
    after: string | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly iterator: string } | LostShard>
  read(iterator: string, signal: AbortSignal): Promise<StreamPage<T> | LostPage>
  /** The record from which `toText()` was made. */
  parse(text: string): Promise<StreamRecord<T>>
}

/** The streams of a table in DynamoDB. */
export function dynamoSource<From extends StreamName>(
  { streams }: Pick<DynamoOnDemand, 'streams'>,
  from: From,
): StreamSource<StreamItems[From]> {
  return {
    paceMs: streams.paceMs,
    current: (signal) => streams.current(from, { signal }),
    shards: (stream, signal) => streams.shards(stream, { signal }),
    iterator: (stream, shard, after, signal) => streams.iterator({ stream, shard, after }, { signal }),
    read: (iterator, signal) => streams.read(from, iterator, { signal }),
    parse: (text) => streams.parse(from, text),
  }
}
