import { tableDefinitions } from '@miyabi/dynamo'
import type pg from 'pg'
import type { Cut } from '../../format/manifest.js'

/** DynamoDB keeps a record of a stream for a day. */
const RETENTION_MS = 24 * 3_600_000
/** The time of a record is precise to the second. */
const RESOLUTION_MS = 2_000

/**
 * The time from which the items of a table may not have been counted by a consumer at the cut, in milliseconds since
 * 1970, by the name of the table without its prefix. Tables without a consumer are omitted.
 */
export async function uncountedFrom(client: pg.ClientBase, cut: Cut): Promise<ReadonlyMap<string, number>> {
  // A shard of which nothing was read yet may hold everything that DynamoDB keeps.
  const { rows } = await client.query<{ stream: string; from: number }>(
    `SELECT stream, (extract(epoch FROM min(coalesce(record_at, since, listed_at - interval '24 hours'))) * 1000)::float8 AS from
       FROM public.stream_shards WHERE state <> 'done' GROUP BY stream`,
  )
  const margin = cut.clockSkewMs + cut.writeTimeoutMs + RESOLUTION_MS
  const oldest = cut.dynamodbUntil - RETENTION_MS
  const floors = new Map<string, number>()
  for (const { stream, from } of rows) {
    const table = tableDefinitions.find(({ name }) => stream.includes(`${name}/stream/`))?.name
    if (table === undefined) continue
    const floor = Math.max(from, oldest) - margin
    floors.set(table, Math.min(floor, floors.get(table) ?? floor))
  }
  return floors
}
