import { Closing, type Grace, type MiyabiError } from '@miyabi/core'
import { type CallerOptions, call, type Store } from '../items/store.js'
import type { EventPut } from './append-many.js'
import { BatchQueue, type QueueEntry } from './batch-queue.js'
import { EventWriterError } from './errors.js'
import type { NewEvent } from './event.js'
import { checkedWriterOptions, type EventWriterOptions } from './writer-options.js'

/** Turns concurrent single appends into batches. */
export interface EventWriter extends AsyncDisposable {
  /**
   * Appends one event together with others appended meanwhile. Resolves when this event is stored.
   *
   * An event with an `idempotencyKey` or an `id`, which may already be stored, goes in a separate request, and the
   * stored event stays; except if its caller vouches for the id (`writtenAt`).
   *
   * @throws {EventWriterError} `dynamo.events.writer_full` when too many wait, `dynamo.events.writer_closed` after
   * `close()`.
   * @throws {DynamoError} the outcome of this event alone; `dynamo.deadline` when it is not known to be stored within
   * `DYNAMODB_TIMEOUT`.
   */
  append(event: NewEvent, options?: CallerOptions): Promise<{ readonly id: string }>
  /** Number of events waiting for their outcome. */
  readonly pending: number
  /**
   * Accepts no more events, and waits for those accepted: they end within `DYNAMODB_TIMEOUT`. A second call returns the
   * same promise.
   * @param graceMs events not stored by then are rejected with `dynamo.events.writer_closed`. Default 10,000 ms.
   */
  close(graceMs?: number): Promise<{ readonly drained: boolean }>
}

/** A writer as seen by the code that closes all of them. */
export interface DrainableWriter {
  readonly pending: number
  /** Closes it within a grace period shared with others; false if anything was left. */
  drain(grace: Grace): Promise<boolean>
}

/** The dependencies of a writer. */
export interface EventWriterModel {
  readonly table: string
  /** The item of an event; throws if it cannot be stored. */
  readonly toPut: (event: NewEvent) => EventPut
  /** Every open writer. */
  readonly open: Set<DrainableWriter>
}

/** @throws {DynamoInputError} for an invalid number. */
export function createEventWriter(
  store: Store,
  { table, toPut, open }: EventWriterModel,
  options: EventWriterOptions,
): EventWriter {
  const { maxPending, concurrency } = checkedWriterOptions(options)
  const operation = 'events.writer.append'
  const queue = new BatchQueue(store, { operation, table }, concurrency)
  /** Functions that end each waiting append. */
  const waiting = new Map<QueueEntry, (error: MiyabiError) => void>()
  /** Resolve callers that wait until nothing is pending. */
  const onEmpty = new Set<() => void>()
  let isClosed = false

  const leave = (entry: QueueEntry): void => {
    waiting.delete(entry)
    if (waiting.size === 0) for (const resolve of onEmpty) resolve()
  }

  const append = async (event: NewEvent, { signal }: CallerOptions = {}): Promise<{ readonly id: string }> => {
    if (isClosed) throw new EventWriterError('dynamo.events.writer_closed', { pending: waiting.size, maxPending })
    return call(store, operation, table, signal, async (callSignal, record) => {
      if (waiting.size >= maxPending) {
        throw new EventWriterError('dynamo.events.writer_full', { pending: waiting.size, maxPending })
      }
      const { id, item, isShared } = toPut(event)
      await new Promise<void>((resolve, reject) => {
        const settle = (error?: MiyabiError): void => {
          leave(entry)
          if (error) reject(error)
          else resolve()
        }
        const entry: QueueEntry = { item, isShared, record, settle }
        callSignal.addEventListener('abort', () => {
          queue.withdraw(entry)
          leave(entry)
        })
        waiting.set(entry, (error) => {
          queue.withdraw(entry)
          settle(error)
        })
        queue.put(entry)
      })
      return { id }
    })
  }

  const drain = async (grace: Grace): Promise<boolean> => {
    isClosed = true
    if (waiting.size > 0) {
      await grace.covers(
        new Promise<void>((resolve) => {
          onEmpty.add(resolve)
        }),
      )
    }
    const drained = waiting.size === 0
    for (const [{ record }, end] of [...waiting]) {
      end(new EventWriterError('dynamo.events.writer_closed', { pending: 0, maxPending }, record.possibleWrites > 0))
    }
    open.delete(drainable)
    return drained
  }
  const drainable: DrainableWriter = {
    drain,
    get pending() {
      return waiting.size
    },
  }
  const closing = new Closing(async (grace) => ({ drained: await drain(grace) }))
  const writer: EventWriter = {
    append,
    get pending() {
      return waiting.size
    },
    close: (graceMs) => closing.close(graceMs),
    async [Symbol.asyncDispose]() {
      await closing.close()
    },
  }
  open.add(drainable)
  return writer
}
