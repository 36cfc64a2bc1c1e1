import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb'
import { fullJitter, MiyabiError, sleep } from '@miyabi/core'
import { type CallRecord, runCall } from '../call.js'
import type { EventEntity } from '../entities/event.js'
import { UnprocessedEventsError } from '../errors.js'
import { toDynamoError } from '../map-error.js'
import type { Store } from '../store.js'
import type { EventItem } from './event.js'

/** DynamoDB takes so many items in one batch. */
const BATCH_SIZE = 25

/** So many batches of one call at a time. */
const CONCURRENCY = 4

/**
 * Puts every item, in batches: what DynamoDB leaves unprocessed, and what a passing failure leaves unknown, is put again with backoff until
 * the call's deadline. A put repeats without harm because the same id is the same event.
 *
 * @throws {UnprocessedEventsError} naming every event that is not known to be stored.
 */
export async function appendItems(
  store: Store,
  entity: EventEntity,
  table: string,
  items: readonly EventItem[],
  signal: AbortSignal | undefined,
): Promise<void> {
  /** What is not known to be stored. The same event twice in one call is stored once: a batch refuses equal keys. */
  const open = new Map(items.map((item) => [item.id, item]))
  const distinct = open.size
  let record: CallRecord | undefined
  let failure: unknown
  try {
    await runCall({ operation: 'events.appendMany', tables: [table], ms: store.settings.timeoutMs, signal }, (s, r) => {
      record = r
      return drain(store, entity, table, open, s, r)
    })
  } catch (error) {
    failure = error
  }
  if (open.size === 0) return
  // Where nothing at all was stored and a repetition is in vain, the reason says more than a list.
  if (failure instanceof MiyabiError && !failure.retryable && open.size === distinct) throw failure
  const unprocessed = items.flatMap(({ id }, index) => (open.has(id) ? [{ index, id }] : []))
  throw new UnprocessedEventsError(
    items.length - unprocessed.length,
    unprocessed,
    record?.attempts ?? 0,
    record && record.possibleWrites > 0 ? 'unknown' : 'none',
    failure,
  )
}

async function drain(
  store: Store,
  entity: EventEntity,
  table: string,
  open: Map<string, EventItem>,
  signal: AbortSignal,
  record: CallRecord,
): Promise<void> {
  const items = [...open.values()]
  const batches: EventItem[][] = []
  for (let i = 0; i < items.length; i += BATCH_SIZE) batches.push(items.slice(i, i + BATCH_SIZE))
  let lasting: unknown
  const worker = async (): Promise<void> => {
    for (let batch = batches.shift(); batch; batch = batches.shift()) {
      try {
        await drainBatch(store, entity, table, batch, open, signal, record)
      } catch (error) {
        // One failed batch must not lose the account of the others.
        lasting ??= error
      }
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
  if (lasting) throw lasting
}

async function drainBatch(
  store: Store,
  entity: EventEntity,
  table: string,
  batch: readonly EventItem[],
  open: Map<string, EventItem>,
  signal: AbortSignal,
  record: CallRecord,
): Promise<void> {
  const backoff = { initialMs: store.settings.initialBackoffMs, maxMs: store.settings.maxBackoffMs }
  let rest = batch
  for (let retry = 0; rest.length > 0; retry++) {
    signal.throwIfAborted()
    try {
      rest = await put(store, entity, table, rest, open, signal)
    } catch (error) {
      if (!toDynamoError(error, record).retryable) throw error
    }
    if (rest.length > 0) await sleep(fullJitter(retry, backoff), signal)
  }
}

/** One BatchWriteItem. Gives what DynamoDB left unprocessed. */
async function put(
  store: Store,
  entity: EventEntity,
  table: string,
  items: readonly EventItem[],
  open: Map<string, EventItem>,
  signal: AbortSignal,
): Promise<EventItem[]> {
  const requests = items.map((item) => ({
    PutRequest: { Item: entity.put(item).params<{ Item: Record<string, unknown> }>().Item },
  }))
  const answer = await store.document.send(new BatchWriteCommand({ RequestItems: { [table]: requests } }), {
    abortSignal: signal,
  })
  const left = new Set((answer.UnprocessedItems?.[table] ?? []).map((request) => request.PutRequest?.Item?.['i']))
  for (const { id } of items) if (!left.has(id)) open.delete(id)
  return items.filter(({ id }) => left.has(id))
}
