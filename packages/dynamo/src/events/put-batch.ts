import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb'
import { withCallDeadline } from '../client/call.js'
import { type CallRecord, newRecord } from '../errors/call-record.js'
import type { Store } from '../items/store.js'

/** DynamoDB takes so many items in one batch. */
export const BATCH_SIZE = 25

/** An item to put, as a document client takes it. */
export type PutItem = Readonly<Record<string, unknown>>

/** What is known after one batch. */
export interface BatchAnswer {
  /** The attempts made, and what the last failed one failed with. */
  readonly record: CallRecord
  /** The keys of what DynamoDB left unprocessed. */
  readonly left: ReadonlySet<string>
  /** Whether what was left, or failed, may be stored nevertheless: by an attempt whose answer was lost. */
  readonly isUncertain: boolean
  /** What the request as a whole failed with. */
  readonly failure?: unknown
}

/** The key of an item as one text. */
export const keyOf = (item: PutItem): string => JSON.stringify([item['pk'], item['sk']])

/**
 * One BatchWriteItem, with the SDK's own retries, within `DYNAMODB_TIMEOUT`. It has no condition: it puts over whatever has the same
 * key. Never rejects.
 */
export async function putBatch(
  store: Store,
  options: { readonly operation: string; readonly table: string; readonly signal: AbortSignal },
  items: readonly PutItem[],
): Promise<BatchAnswer> {
  const { operation, table, signal } = options
  let record: CallRecord = newRecord({ operation, tables: [table] })
  try {
    const answer = await withCallDeadline(
      { operation, tables: [table], ms: store.settings.timeoutMs, signal },
      (abortSignal, current) => {
        record = current
        const requests = items.map((Item) => ({ PutRequest: { Item } }))
        return store.document.send(new BatchWriteCommand({ RequestItems: { [table]: requests } }), { abortSignal })
      },
    )
    const left = (answer.UnprocessedItems?.[table] ?? []).flatMap(({ PutRequest }) => PutRequest?.Item ?? [])
    // The attempt that was answered is one of the possible writes, and its answer tells which items it did not write.
    return { record, left: new Set(left.map(keyOf)), isUncertain: record.possibleWrites > 1 }
  } catch (failure) {
    return { record, left: new Set(), isUncertain: record.possibleWrites > 0, failure }
  }
}
