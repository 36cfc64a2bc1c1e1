import { MiyabiError } from '@miyabi/core'

/** Why an event writer does not accept an event, or no longer handles it. */
export type EventWriterErrorCode =
  /** The writer already holds its maximum of waiting events. Nothing was sent. Wait for some of the earlier appends. */
  | 'dynamo.events.writer_full'
  /** The writer was closed before this event was appended, or its grace period ended before this event was stored. */
  | 'dynamo.events.writer_closed'

const REMEDY: Readonly<Record<EventWriterErrorCode, string>> = {
  'dynamo.events.writer_full': 'await earlier appends before new ones',
  'dynamo.events.writer_closed': 'append it with another writer, under its id: the same id is stored once',
}

/** An event writer refused an event, or abandoned it because the writer was closed. */
export class EventWriterError extends MiyabiError<
  EventWriterErrorCode,
  { readonly pending: number; readonly maxPending: number }
> {
  override readonly name = 'EventWriterError'

  /** @param mayBeStored whether a request with this event may have been executed. */
  constructor(
    code: EventWriterErrorCode,
    details: { readonly pending: number; readonly maxPending: number },
    mayBeStored = false,
  ) {
    const says =
      code === 'dynamo.events.writer_full'
        ? `${details.pending} events are waiting to be stored, which is this writer's limit (maxPending)`
        : mayBeStored
          ? 'the event writer was closed before it was known whether this event is stored'
          : 'the event writer is closed; this event was not stored'
    super(code, says, {
      details,
      remedy: REMEDY[code],
      retryable: code === 'dynamo.events.writer_full',
      effect: mayBeStored ? 'unknown' : 'none',
    })
  }
}
