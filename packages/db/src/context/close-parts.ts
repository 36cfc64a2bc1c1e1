import { type Logger, safeCause, withDeadline } from '@miyabi/core'

/** How a context was closed. */
export interface DatabaseClosed {
  /** Whether all work in flight ended within the grace period, and both stores closed. */
  readonly drained: boolean
}

interface Closable {
  close(graceMs: number): Promise<DatabaseClosed>
}

/** Everything that a context has open. */
export interface ContextParts {
  readonly streams: Closable
  readonly relays: readonly Closable[]
  readonly postgres: Closable
  /** The service's pool, if it was opened. */
  readonly service: Closable | undefined
  readonly dynamo: Closable
  readonly cache: { close(): void }
  readonly listener: { close(): Promise<void> } | undefined
  readonly logger: Logger
}

/**
 * How much longer than its grace period closing may take before the rest is left to the end of the process. In
 * milliseconds.
 */
const MARGIN_MS = 5_000

/** Closes all of them in the order in which they need each other. Never rejects. */
export async function closeParts(parts: ContextParts, graceMs: number): Promise<DatabaseClosed> {
  const { streams, relays, postgres, service, dynamo, cache, listener, logger } = parts
  const start = performance.now()
  const close = (store: string, part: Closable, ms: number) => closeOne(logger, store, graceMs, () => part.close(ms))
  // First: they use both stores, and have results to record when their work has ended.
  const consumers = await Promise.all([
    close('streams', streams, graceMs),
    ...relays.map((relay) => close('relay', relay, graceMs)),
  ])
  const restMs = Math.max(0, graceMs - (performance.now() - start))
  const stores = await Promise.all([
    close('postgres', postgres, restMs),
    service ? close('postgres (service)', service, restMs) : { drained: true },
    close('dynamodb', dynamo, restMs),
  ])
  cache.close()
  await listener?.close() // last: closing the others may have left something to send
  const drained = [...consumers, ...stores].every((closed) => closed.drained)
  const took = Math.round(performance.now() - start)
  logger.info({ event: 'db.closed', ms: took, drained }, `database context closed in ${took} ms`)
  return { drained }
}

async function closeOne(
  logger: Logger,
  store: string,
  graceMs: number,
  close: () => Promise<DatabaseClosed>,
): Promise<DatabaseClosed> {
  const ms = graceMs + MARGIN_MS
  try {
    return await withDeadline({ ms, onTimeout: () => new Error(`not closed after ${ms} ms`) }, close)
  } catch (error) {
    const { message } = safeCause(error)
    logger.error({ event: 'db.close_failed', store, error }, `closing ${store} failed: ${message}`)
    return { drained: false }
  }
}
