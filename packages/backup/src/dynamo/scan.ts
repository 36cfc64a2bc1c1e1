import { type AttributeValue, type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb'
import { fullJitter, isMiyabiError, sleep } from '@miyabi/core'
import { mapDynamoError } from '@miyabi/dynamo'
import type { Item } from '../format/item-line.js'

/** A segment of a table. */
export interface Segment {
  readonly client: DynamoDBClient
  /** The full name, with the prefix. */
  readonly table: string
  readonly segment: number
  readonly segments: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Reads every item of a segment of a table, in pages of up to a megabyte, strongly consistent: everything written
 * before it began is included. If the table's capacity is used up it waits, up to some minutes.
 * @throws {DynamoError}
 */
export async function* scan({ client, table, segment, segments, signal }: Segment): AsyncGenerator<readonly Item[]> {
  for (let start: Record<string, AttributeValue> | undefined; ; ) {
    const command = new ScanCommand({
      TableName: table,
      ConsistentRead: true,
      Segment: segment,
      TotalSegments: segments,
      ...(start && { ExclusiveStartKey: start }),
    })
    const page = await retried(() => client.send(command, signal ? { abortSignal: signal } : {}), signal)
    yield page.Items ?? []
    start = page.LastEvaluatedKey
    if (start === undefined) return
  }
}

const ATTEMPTS = 10
const BACKOFF = { initialMs: 200, maxMs: 60_000 }

/** In addition to the client's own retries, which end with one call's deadline. */
export async function retried<T>(request: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await request()
    } catch (error) {
      signal?.throwIfAborted()
      const failure = mapDynamoError(error)
      if (!isMiyabiError(failure) || !failure.retryable || attempt === ATTEMPTS) throw failure
      await sleep(BACKOFF.initialMs + fullJitter(attempt, BACKOFF), signal)
    }
  }
}
