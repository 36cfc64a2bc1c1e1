import { MiyabiError, sleep } from '@miyabi/core'
import { type ConsumeOptions, usageProjection, usageRecorded } from '@miyabi/db'
import type { Contender, Workload } from '../../harness/workload.js'
import type { OutboxWorld } from './world.js'

/** Reads the page at an iterator: how many records it has, and where the next one is. */
type ReadPage = (iterator: string) => Promise<{ readonly count: number; readonly next: string | undefined }>

/** The least that reading can cost. */
async function getRecords(endpoint: string, iterator: string): ReturnType<ReadPage> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDBStreams_20120810.GetRecords',
      'x-amz-date': '20260101T000000Z', // the embedded engine wants a signature, and takes any
      authorization:
        'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: JSON.stringify({ ShardIterator: iterator, Limit: 1000 }),
  })
  if (!response.ok) throw new MiyabiError('benchmarks.get_records', await response.text())
  const answer = (await response.json()) as { Records?: readonly unknown[]; NextShardIterator?: string }
  return { count: answer.Records?.length ?? 0, next: answer.NextShardIterator }
}

/** How fast a stream's records are put into effect. Writes them first. */
export async function streamWorkload(
  { streaming: db, userIds, pluginIds, endpoint, empty }: OutboxWorld,
  rows: number,
): Promise<Workload> {
  const { streams, events } = db.dynamodb
  await events.appendMany(
    Array.from({ length: rows }, (_, n) => {
      const [userId = '', pluginId = ''] = [userIds[n % userIds.length], pluginIds[n % pluginIds.length]]
      return usageRecorded({ userId, pluginId, use: 'command_used', meter: 'issues', quantity: 1 })
    }),
  )
  const stream = await streams.current('events')
  if (stream === undefined) throw new MiyabiError('benchmarks.no_stream', 'The table of events has no stream')

  const readDecoded: ReadPage = async (iterator) => {
    const page = await streams.read('events', iterator)
    return 'lost' in page ? { count: 0, next: undefined } : { count: page.records.length, next: page.next }
  }

  /** All records of all shards, one request after another. */
  async function readAll(of: string, readPage: ReadPage): Promise<number> {
    let records = 0
    for (const { id: shard } of (await streams.shards(of))?.shards ?? []) {
      const found = await streams.iterator({ stream: of, shard })
      let iterator = 'iterator' in found ? found.iterator : undefined
      while (iterator !== undefined && records < rows) {
        const { count, next } = await readPage(iterator)
        records += count
        iterator = count === 0 ? undefined : next
      }
    }
    return records
  }

  let consumers = 0
  const consumed = (name: string, options: ConsumeOptions<'events'>): Contender => ({
    name,
    async run() {
      consumers += 1
      await using consumer = db.streams.consume(`bench-${consumers}`, options)
      for (;;) {
        const { records, dead, failing } = consumer.stats()
        if (failing) throw new MiyabiError('benchmarks.consumer', `the consumer fails: ${failing.reason}`)
        if (records >= rows) return records - dead
        await sleep(1)
      }
    },
    after: () => empty('stream_shards', 'stream_dead', 'usage_events', 'usage_aggregates'),
  })
  return {
    name: 'stream',
    about: `${rows.toLocaleString('en')} events \`usage.recorded\` from DynamoDB's stream: by GetRecords of 1,000 at a time, converted to items of our entities; by the same requests without the SDK, whose answers are only parsed as JSON; and by a new consumer, from its start until it is closed, which commits a checkpoint in PostgreSQL for every 100: with a handler that does nothing, and with the projection that counts usage, one row each.`,
    concurrency: [1],
    single: true,
    contenders: [
      { name: 'GetRecords', run: () => readAll(stream, readDecoded) },
      {
        name: 'GetRecords, answers as they are',
        run: () => readAll(stream, (iterator) => getRecords(endpoint, iterator)),
      },
      consumed('consumer', { from: 'events', handle: async () => {} }),
      consumed('consumer: usage', usageProjection),
    ],
  }
}
