import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { BatchWriteCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { withCallDeadline } from '../client/call.js'
import { type CallRecord, newRecord } from '../errors/call-record.js'
import type { Store } from '../items/store.js'

/** The most items DynamoDB accepts in one batch. */
export const BATCH_SIZE = 25

/** An item to put, as a document client takes it. */
export type PutItem = Readonly<Record<string, unknown>>

/** What is known after one batch. */
export interface BatchAnswer {
  /** The attempts made, and the error of the last failed one. */
  readonly record: CallRecord
  /** The keys of what DynamoDB left unprocessed. */
  readonly left: ReadonlySet<string>
  /** Whether items that were left, or that failed, may be stored anyway: by an attempt whose response was lost. */
  readonly isUncertain: boolean
  /** The error of the request as a whole. */
  readonly failure?: unknown
}

/** The key of an item as one string. */
export const keyOf = (item: PutItem): string => JSON.stringify([item['pk'], item['sk']])

/** How an item is put. */
interface PutOptions {
  readonly operation: string
  readonly table: string
  readonly signal: AbortSignal
  /** The record of the call that it is a part of. */
  readonly total?: object
}

/**
 * One BatchWriteItem, with the SDK's own retries, within `DYNAMODB_TIMEOUT`. It has no condition: it overwrites any
 * item with the same key. Never rejects.
 */
export function putBatch(store: Store, options: PutOptions, items: readonly PutItem[]): Promise<BatchAnswer> {
  const { table } = options
  return answered(store, options, async (abortSignal) => {
    const requests = items.map((Item) => ({ PutRequest: { Item } }))
    const command = new BatchWriteCommand({ RequestItems: { [table]: requests } })
    const answer = await store.document.send(command, { abortSignal })
    return (answer.UnprocessedItems?.[table] ?? []).flatMap(({ PutRequest }) => PutRequest?.Item ?? [])
  })
}

/** One PutItem in the same way, which keeps an item already stored under the same key. */
export function putIfAbsent(store: Store, options: PutOptions, Item: PutItem): Promise<BatchAnswer> {
  return answered(store, options, async (abortSignal) => {
    const ConditionExpression = 'attribute_not_exists(pk)'
    try {
      await store.document.send(new PutCommand({ TableName: options.table, Item, ConditionExpression }), {
        abortSignal,
      })
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error
    }
    return []
  })
}

/** @param work returns the items that were left. */
async function answered(
  store: Store,
  { operation, table, signal, total }: PutOptions,
  work: (signal: AbortSignal) => Promise<PutItem[]>,
): Promise<BatchAnswer> {
  let record: CallRecord = newRecord({ operation, tables: [table] })
  try {
    const left = await withCallDeadline(
      {
        operation,
        tables: [table],
        ms: store.settings.timeoutMs,
        signal,
        hooks: store.hooks,
        isPart: total !== undefined,
      },
      (abortSignal, current) => {
        record = current
        return work(abortSignal)
      },
    )
    // The answered attempt is one of the possible writes, and its response lists the items it did not write.
    return { record, left: new Set(left.map(keyOf)), isUncertain: record.possibleWrites > 1 }
  } catch (failure) {
    return { record, left: new Set(), isUncertain: record.possibleWrites > 0, failure }
  }
}
