import type { DynamoDBClient, TableDescription } from '@aws-sdk/client-dynamodb'
import { sleep } from '@miyabi/core'
import { isComingOrGoing, readTtl } from './actual.js'
import { describeTable } from './describe.js'
import { TableNotReadyError } from './errors.js'
import type { ApplyOptions } from './options.js'

/** How often the caller is told what is waited for, in milliseconds. */
const SAY_EVERY_MS = 2_000

/** Waits until no change to a table is in progress: it exists completely, or it is gone. */
export async function waitUntilSettled(
  client: DynamoDBClient,
  table: string,
  { waitMs = 600_000, onProgress, signal }: ApplyOptions,
): Promise<void> {
  const startedAtMs = performance.now()
  let saidAtMs = startedAtMs
  for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 2, 2000)) {
    const says = await underWay(client, table, signal)
    if (says === undefined) return
    const waitedMs = performance.now() - startedAtMs
    if (waitedMs > waitMs) throw new TableNotReadyError(table, says)
    if (performance.now() - saidAtMs >= SAY_EVERY_MS) {
      saidAtMs = performance.now()
      onProgress?.({ table, says, waitedMs })
    }
    await sleep(pauseMs, signal)
  }
}

/** The change to a table in progress, as text; undefined when there is none. */
async function underWay(
  client: DynamoDBClient,
  table: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const description = await describeTable(client, table, signal)
  if (description === undefined) return undefined
  const says = changing(description)
  if (says !== undefined || isComingOrGoing(description)) return says
  const ttl = await readTtl(client, table, signal)
  return ttl.TimeToLiveStatus === 'DISABLING' ? 'expiry is DISABLING, which may take an hour' : undefined
}

function changing({ TableStatus, GlobalSecondaryIndexes = [], SSEDescription }: TableDescription): string | undefined {
  if (TableStatus !== 'ACTIVE') return `the table is ${TableStatus}`
  const index = GlobalSecondaryIndexes.find(
    // Some emulators report no index state.
    ({ IndexStatus, Backfilling }) => Backfilling || (IndexStatus !== undefined && IndexStatus !== 'ACTIVE'),
  )
  if (index) return `the index ${index.IndexName} is ${index.IndexStatus}${index.Backfilling ? ', backfilling' : ''}`
  const encryption = SSEDescription?.Status
  return encryption === 'UPDATING' || encryption === 'ENABLING' ? `encryption is ${encryption}` : undefined
}
