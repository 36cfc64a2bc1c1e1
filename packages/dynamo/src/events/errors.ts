import { MiyabiError } from '@miyabi/core'

/** Why an event writer does not, or no longer, take care of an event. */
export type EventWriterErrorCode =
  /** As many events as it may hold wait already. Nothing was sent. Wait for some of the earlier appends. */
  | 'dynamo.events.writer_full'
  /** It was closed before this event was appended, or its grace period ended before this event was stored. */
  | 'dynamo.events.writer_closed'

const REMEDY: Readonly<Record<EventWriterErrorCode, string>> = {
  'dynamo.events.writer_full': 'await earlier appends before new ones',
  'dynamo.events.writer_closed': 'append it by another writer, under its id: the same id is stored once',
}

/** An event writer refused an event, or gave it up because it was closed. */
export class EventWriterError extends MiyabiError<
  EventWriterErrorCode,
  { readonly pending: number; readonly maxPending: number }
> {
  override readonly name = 'EventWriterError'

  /** @param mayBeStored whether a request with this event may have been carried out. */
  constructor(
    code: EventWriterErrorCode,
    details: { readonly pending: number; readonly maxPending: number },
    mayBeStored = false,
  ) {
    const says =
      code === 'dynamo.events.writer_full'
        ? `${details.pending} events wait to be stored, as many as this writer holds (maxPending)`
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
