import { BatchWriteItemCommand, type DynamoDBClient, type WriteRequest } from '@aws-sdk/client-dynamodb'
import { fullJitter, isMiyabiError, sleep } from '@miyabi/core'
import { mapDynamoError } from '@miyabi/dynamo'
import type { Item } from '../../format/item-line.js'

/** The most items DynamoDB accepts in one batch. */
const BATCH_SIZE = 25
/** Batches in flight. */
const CONCURRENCY = 8
const BACKOFF = { initialMs: 50, maxMs: 5_000 }
/** How long a batch is retried without any of it being accepted, in milliseconds. */
const PATIENCE_MS = 120_000

/** Where items are put. */
export interface PutOptions {
  readonly client: DynamoDBClient
  /** With the prefix. */
  readonly table: string
  readonly signal: AbortSignal
  readonly onItems?: (items: number) => void
}

/**
 * Puts items, each over the item with its key, and retries what DynamoDB leaves unprocessed or throttles: putting an
 * item twice has the effect of putting it once.
 * @returns how many.
 * @throws {DynamoError} if it keeps failing.
 */
export async function putItems(options: PutOptions, items: AsyncIterable<Item>): Promise<number> {
  const batches = batchesOf(items)
  let count = 0
  const stop = new AbortController()
  const signal = AbortSignal.any([options.signal, stop.signal])
  // They read from one source, whose `next` serializes its calls.
  const work = async (): Promise<void> => {
    for (let next = await batches.next(); !next.done; next = await batches.next()) {
      await writeAll(
        { ...options, signal },
        next.value.map((Item) => ({ PutRequest: { Item } })),
      )
      count += next.value.length
      options.onItems?.(next.value.length)
    }
  }
  try {
    await Promise.all(Array.from({ length: CONCURRENCY }, work))
  } catch (error) {
    stop.abort(error)
    throw error
  }
  return count
}

async function* batchesOf(items: AsyncIterable<Item>): AsyncGenerator<Item[], void, undefined> {
  let batch: Item[] = []
  for await (const item of items) {
    batch.push(item)
    if (batch.length < BATCH_SIZE) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

/** Writes up to 25 requests until DynamoDB has accepted each. */
export async function writeAll(
  { client, table, signal }: PutOptions,
  requests: readonly WriteRequest[],
): Promise<void> {
  let left = [...requests]
  let progressAt = performance.now()
  for (let attempt = 0; left.length > 0; attempt += 1) {
    if (attempt > 0) await sleep(fullJitter(Math.min(attempt, 10), BACKOFF), signal)
    signal.throwIfAborted()
    try {
      const answer = await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: left } }), {
        abortSignal: signal,
      })
      const unprocessed = answer.UnprocessedItems?.[table] ?? []
      if (unprocessed.length < left.length) {
        progressAt = performance.now()
        attempt = 0
      }
      left = unprocessed
    } catch (error) {
      signal.throwIfAborted()
      const mapped = mapDynamoError(error)
      const isPassing = isMiyabiError(mapped) && mapped.retryable
      if (!isPassing || performance.now() - progressAt > PATIENCE_MS) throw mapped
    }
    if (performance.now() - progressAt > PATIENCE_MS) throw new Error(`${table} accepted none of ${left.length} items`)
  }
}
