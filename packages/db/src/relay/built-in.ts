import { isMiyabiError } from '@miyabi/core'
import type { AgentStateEffect, EventWriter, NewEvent, NewMessage } from '@miyabi/dynamo'
import type { DynamoOnDemand } from '@miyabi/dynamo/on-demand'
import type { BuiltInPayloads, OwnMark } from '../outbox/effects.js'
import { payloadFromText } from '../outbox/payload-text.js'
import type { OutboxRow } from './row.js'
import type { Target, Verdict } from './target.js'

/** Failures that all rows would meet: of the store or the way there, and of how it is set up. */
const OF_ALL: ReadonlySet<string> = new Set([
  'dynamo.unreachable',
  'dynamo.credentials',
  'dynamo.access_denied',
  'dynamo.table_missing',
  'dynamo.internals_missing',
  'dynamo.closed',
  'dynamo.events.writer_closed',
  'dynamo.events.writer_full',
])
/** Failures that pass when somebody else does something, or never. */
const MAY_PASS: ReadonlySet<string> = new Set(['dynamo.messages.queue_full'])

/** How long one attempt may take; each request has the client's own deadline. */
const TIMEOUT_MS = 60_000
const ATTEMPTS = 20

/** What DynamoDB refuses for itself goes to the dead letters; for all else there is no bound, as it is the store's. */
export function judgeDynamo(error: unknown): Verdict {
  if (!isMiyabiError(error)) return { kind: 'again', isCounted: true }
  if (OF_ALL.has(error.code)) return { kind: 'pause' }
  if (error.retryable || error.effect === 'unknown') return { kind: 'again', isCounted: false }
  return MAY_PASS.has(error.code) ? { kind: 'again', isCounted: true } : { kind: 'permanent' }
}

/** The effects on DynamoDB, by topic: each may be repeated, and is done once. */
export function builtInTargets(
  dynamodb: Pick<DynamoOnDemand, 'events' | 'messages' | 'agentState'>,
  writer: EventWriter,
): Readonly<Record<string, Target>> {
  const common = { attempts: ATTEMPTS, timeoutMs: TIMEOUT_MS, isBatched: false, judge: judgeDynamo }
  return {
    'events.append': {
      ...common,
      isBatched: true,
      deliver: (row, { signal }) => writer.append(toEvent(row), { signal }),
    },
    'messages.enqueue': {
      ...common,
      deliver: (row, { signal }) => dynamodb.messages.enqueue(toMessage(row), { signal }),
    },
    'agentState.save': {
      ...common,
      deliver: (row, { signal }) => dynamodb.agentState.saveEffect(toState(row), { signal }),
    },
  }
}

const payloadOf = <Payload>({ payload }: OutboxRow): Payload => payloadFromText(payload) as Payload

// What is stored may have come past the checks of the call: nothing is taken from it but what it is to hold.

/**
 * An id that was made for the effect of the service is nobody else's, and a repetition is the very same item: such
 * events go in batches. Under any other id there may be an event already, and what is stored stays.
 */
function toEvent(row: OutboxRow): NewEvent {
  const { id, actor, createdAtMs } = row
  const { eventType, userId, repositoryId, data, isOwn } = payloadOf<BuiltInPayloads['events.append'] & OwnMark>(row)
  const event = { eventType, userId, repositoryId, data, id }
  return isOwn === true && actor === 'service' ? { ...event, writtenAt: new Date(createdAtMs) } : event
}

function toMessage(row: OutboxRow): NewMessage {
  const { recipient, messageType, payload, connectionId } = payloadOf<BuiltInPayloads['messages.enqueue']>(row)
  return { recipient, messageType, payload, connectionId, id: row.id }
}

function toState(row: OutboxRow): AgentStateEffect {
  const { at, agentId, status, progress, currentTask, stateData } = payloadOf<BuiltInPayloads['agentState.save']>(row)
  const { id, position } = row
  return { agentId, status, progress, currentTask, stateData, id, position, at: new Date(at) }
}
