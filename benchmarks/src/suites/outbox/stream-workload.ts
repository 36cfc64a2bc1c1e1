import { MiyabiError, sleep } from '@miyabi/core'
import { type ConsumeOptions, usageProjection, usageRecorded } from '@miyabi/db'
import type { Contender, Workload } from '../../harness/workload.js'
import type { OutboxWorld } from './world.js'

/** How fast a stream's records are put into effect. Writes them first. */
export async function streamWorkload(
  { streaming: db, userIds, pluginIds, empty }: OutboxWorld,
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

  /** All records of all shards, one request after another. */
  async function read(of: string): Promise<number> {
    let records = 0
    for (const { id: shard } of (await streams.shards(of))?.shards ?? []) {
      const found = await streams.iterator({ stream: of, shard })
      let iterator = 'iterator' in found ? found.iterator : undefined
      while (iterator !== undefined && records < rows) {
        const page = await streams.read('events', iterator)
        if ('lost' in page) break
        records += page.records.length
        iterator = page.records.length === 0 ? undefined : page.next
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
    about: `${rows.toLocaleString('en')} events \`usage.recorded\` out of DynamoDB's stream: by GetRecords of 1,000 at a time, with the items as our entities have them, and by a new consumer, from its start until it is closed, which commits a checkpoint in PostgreSQL for every 100: with a handler that does nothing, and with the projection that counts usage, a row for each.`,
    concurrency: [1],
    single: true,
    contenders: [
      { name: 'GetRecords', run: () => read(stream) },
      consumed('consumer', { from: 'events', handle: async () => {} }),
      consumed('consumer: usage', usageProjection),
    ],
  }
}
