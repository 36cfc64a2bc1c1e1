import { Closing, Operations } from '@miyabi/core'
import type { CallerOptions } from '../items/store.js'
import { EventWriterError } from './errors.js'
import type { NewEvent } from './event.js'
import type { Events } from './events.js'
import type { EventWriter } from './writer.js'
import { checkedWriterOptions, type EventWriterOptions } from './writer-options.js'

/** Runs work on the event log as soon as it is loaded. */
type WithEvents = <T>(signal: AbortSignal | undefined, work: (events: Events) => Promise<T>) => Promise<T>

/**
 * Returns a writer that is created from the event log with its first event.
 * @throws {DynamoInputError} for an invalid number.
 */
export function writerOnDemand(options: EventWriterOptions, withEvents: WithEvents): EventWriter {
  const { maxPending } = checkedWriterOptions(options)
  const operations = new Operations()
  let writer: EventWriter | undefined
  /** Events whose writer does not exist yet. */
  let waiting = 0
  let isCut = false
  const refusal = (code: EventWriterError['code']) => new EventWriterError(code, { pending: waiting, maxPending })

  const appendFirst = async (event: NewEvent, callerOptions: CallerOptions): Promise<{ readonly id: string }> => {
    if (waiting >= maxPending) throw refusal('dynamo.events.writer_full')
    waiting += 1
    let isWaiting = true
    const goOn = (): void => {
      if (isWaiting) waiting -= 1
      isWaiting = false
    }
    try {
      return await withEvents(callerOptions.signal, (events) => {
        goOn()
        if (isCut) throw refusal('dynamo.events.writer_closed')
        writer ??= events.writer(options)
        return writer.append(event, callerOptions)
      })
    } finally {
      goOn()
    }
  }
  const closing = new Closing(async (grace) => {
    const isIdle = await operations.close(grace)
    isCut = true
    const rest = await writer?.close(grace.remainingMs)
    return { drained: isIdle && (rest?.drained ?? true) }
  })
  return {
    append: (event, callerOptions = {}) =>
      writer && !closing.hasBegun
        ? writer.append(event, callerOptions)
        : operations.begin(
            () => appendFirst(event, callerOptions),
            () => refusal('dynamo.events.writer_closed'),
          ),
    get pending() {
      return waiting + (writer?.pending ?? 0)
    },
    close: (graceMs) => closing.close(graceMs),
    async [Symbol.asyncDispose]() {
      await closing.close()
    },
  }
}
