import { isDeepStrictEqual } from 'node:util'
import { MiyabiError } from '@miyabi/core'
import type { CallRecord } from '../errors/call-record.js'
import { DynamoError, DynamoInputError, type UnprocessedEvent, UnprocessedEventsError } from '../errors/errors.js'
import { call, type Store } from '../items/store.js'
import { BatchQueue, type QueueEntry } from './batch-queue.js'
import { keyOf, type PutItem } from './put-batch.js'

/** The most concurrent batches of one call. */
const CONCURRENCY = 4

/** An event to put: its id, and its item. */
export interface EventPut {
  readonly id: string
  readonly item: PutItem
  /** Whether the event may be stored already: then it is put alone, on the condition that it is not. */
  readonly isShared: boolean
}

/** What is known of one event of the call. */
interface Fate {
  readonly entry: QueueEntry
  isStored: boolean
  refusal?: MiyabiError | undefined
}

/**
 * Two events of one type under one id in one call are the same event: stored once if their contents are equal, refused
 * otherwise because one would be lost silently.
 * @throws {DynamoInputError}
 */
export function assertOneContent(puts: readonly EventPut[]): void {
  const firsts = new Map<string, number>()
  for (const [index, { item }] of puts.entries()) {
    const key = keyOf(item) // identity is the type and the id: two types may share an id
    const first = firsts.get(key)
    const other = first === undefined ? undefined : puts[first]
    if (other === undefined) firsts.set(key, index)
    else if (!isDeepStrictEqual(contentOf(item), contentOf(other.item)))
      throw new DynamoInputError(`events[${index}]`, `has the id of events[${first}] but different content`)
  }
}

/** An item without the fields that depend on the moment of writing. */
const contentOf = ({ w: _writtenAt, n: _writeId, ...content }: PutItem): PutItem => content

/**
 * Puts every item, in batches, until each has an outcome or the call's time is over.
 * @throws {UnprocessedEventsError} naming every event that is not known to be stored.
 */
export async function appendItems(
  store: Store,
  table: string,
  puts: readonly EventPut[],
  signal: AbortSignal | undefined,
): Promise<void> {
  if (puts.length === 0) return
  const operation = 'events.appendMany'
  let fates: readonly Fate[] = []
  let total: CallRecord | undefined
  let failure: unknown
  try {
    await call(store, operation, table, signal, async (callSignal, record) => {
      total = record
      await new Promise<void>((resolve) => {
        const queue = new BatchQueue(store, { operation, table, total: record }, CONCURRENCY)
        fates = puts.map((put) => enqueue(queue, put, resolve))
        callSignal.addEventListener('abort', () => {
          for (const { entry } of fates) queue.withdraw(entry)
        })
      })
      record.failedWith = failureOf(fates)
    })
  } catch (error) {
    if (error instanceof DynamoError && error.code === 'dynamo.closed') throw error
    failure = error
  }
  const ended = failure instanceof MiyabiError ? failure.code : 'aborted'
  const lost = puts.flatMap(({ id }, index) => unprocessed(index, id, fates[index], ended))
  if (lost.length === 0) return
  const refusals = new Set(fates.map(({ refusal }) => refusal?.code))
  const [{ refusal } = {}] = fates
  // If all failed for the same reason and a retry is pointless, that reason is more useful than a list.
  if (refusals.size === 1 && refusal && !refusal.retryable) throw refusal
  throw new UnprocessedEventsError(puts.length - lost.length, lost, {
    attempts: total?.attempts ?? 0,
    effect: total && total.possibleWrites > 0 ? 'unknown' : 'none',
    cause: failure ?? fates.find((fate) => fate.refusal)?.refusal,
  })
}

/** The code that the caller gets for these outcomes. */
function failureOf(fates: readonly Fate[]): string | undefined {
  const [refusal] = fates.flatMap((fate) => fate.refusal ?? [])
  if (!refusal) return undefined
  const isOne = fates.every((fate) => fate.refusal?.code === refusal.code)
  return isOne && !refusal.retryable ? refusal.code : 'dynamo.events.unprocessed'
}

/** @param onEmpty is called when every event has an outcome. */
function enqueue(queue: BatchQueue, { item, isShared }: EventPut, onEmpty: () => void): Fate {
  const settle = (error?: MiyabiError): void => {
    fate.isStored = error === undefined
    fate.refusal = error
    if (queue.pending === 0) onEmpty()
  }
  const entry: QueueEntry = { item, isShared, record: { attempts: 0, possibleWrites: 0 }, settle }
  const fate: Fate = { entry, isStored: false }
  queue.put(fate.entry)
  return fate
}

/** @param ended why the call ended before the event had its outcome. */
function unprocessed(index: number, id: string, fate: Fate | undefined, ended: string): UnprocessedEvent[] {
  if (fate?.isStored) return []
  const { refusal } = fate ?? {}
  const mayBeStored = (fate?.entry.record.possibleWrites ?? 0) > 0
  return [
    {
      index,
      id,
      code: refusal?.code ?? ended,
      retryable: refusal?.retryable ?? true,
      effect: mayBeStored ? 'unknown' : 'none',
    },
  ]
}
