import {
  type DatabaseContext,
  DynamoError,
  type EventRange,
  type EventWriter,
  type NewEvent,
  type Page,
  type StoredEvent,
} from '@miyabi/db'
import type { StoredDelivery } from './deliveries.js'

/** The type under which every delivery is in the event log. */
export const WEBHOOK = 'webhook'

/** The event log keeps an event for 90 days; earlier ones are not appended again. */
const KEPT_MS = 90 * 24 * 60 * 60_000

/** The time span of the deliveries, for queries of the event log. */
export function receivedBetween(stored: readonly StoredDelivery[]): EventRange {
  const times = stored.map(({ receivedAt }) => receivedAt.getTime())
  return { from: new Date(Math.min(...times)), to: new Date(Math.max(...times) + 1) }
}

/** Follows the cursor of a query from its first page to its last. */
export async function readPages(ask: (cursor?: string) => Promise<Page<StoredEvent>>): Promise<Page<StoredEvent>[]> {
  const pages: Page<StoredEvent>[] = []
  do pages.push(await ask(pages.at(-1)?.cursor))
  while (pages.at(-1)?.cursor !== undefined)
  return pages
}

/**
 * Appends the same events again, as when GitHub redelivers events: each by a separate caller, concurrently. Their ids
 * are unchanged, so nothing is added. Returns the number of callers, and of the events that were already stored.
 */
export async function appendAgain(
  db: DatabaseContext,
  stored: readonly StoredDelivery[],
): Promise<{ readonly callers: number; readonly known: number }> {
  await using writer = db.dynamodb.events.writer()
  const before = knownTo(db)
  const again = stored.filter(isKept)
  await Promise.all(again.map((delivery) => appendSurely(writer, toEvent(delivery))))
  return { callers: again.length, known: knownTo(db) - before }
}

/**
 * An append whose outcome is unknown, as on a slow machine after its deadline, is safe to repeat: the id is the same.
 */
async function appendSurely(writer: EventWriter, event: NewEvent): Promise<void> {
  try {
    await writer.append(event)
  } catch (error) {
    if (!(error instanceof DynamoError && error.retryable)) throw error
    await writer.append(event)
  }
}

const isKept = ({ receivedAt }: StoredDelivery): boolean => receivedAt.getTime() > Date.now() - KEPT_MS

/**
 * The event of a delivery. Its id is derived from its time and the delivery's name, so that appending it again appends
 * the same one.
 */
export const toEvent = ({ delivery, receivedAt, userId, repositoryId }: StoredDelivery): NewEvent => ({
  eventType: WEBHOOK,
  occurredAt: receivedAt,
  idempotencyKey: delivery.name,
  userId,
  repositoryId,
  data: { delivery: delivery.name, kind: delivery.kind, action: delivery.payload.action },
})

/** The puts since the start that found their event stored, as the context counts them. */
function knownTo(db: DatabaseContext): number {
  const { capacity } = db.stats().dynamodb
  const puts = capacity.filter(({ operation }) => operation === 'PutItem')
  return puts.reduce((sum, { failedConditions }) => sum + failedConditions, 0)
}
