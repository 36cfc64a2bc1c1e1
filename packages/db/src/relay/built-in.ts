import { isMiyabiError } from '@miyabi/core'
import type { AgentStateEffect, EventWriter, NewEvent, NewMessage } from '@miyabi/dynamo'
import type { DynamoOnDemand } from '@miyabi/dynamo/on-demand'
import type { BuiltInPayloads, OwnMark } from '../outbox/effects.js'
import { payloadFromText } from '../outbox/payload-text.js'
import type { OutboxRow } from './row.js'
import type { Target, Verdict } from './target.js'

/** Failures that would affect all rows: of the store, the network, or the configuration. */
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
/** Failures that are resolved by another process, or never. */
const MAY_PASS: ReadonlySet<string> = new Set(['dynamo.messages.queue_full'])

/** The longest an attempt may take; each request has the client's own deadline. */
const TIMEOUT_MS = 60_000
const ATTEMPTS = 20

/**
 * Effects that DynamoDB itself refuses become dead letters; for all other failures the attempts are unlimited, as they
 * are the store's.
 */
export function judgeDynamo(error: unknown): Verdict {
  if (!isMiyabiError(error)) return { kind: 'again', isCounted: true }
  if (OF_ALL.has(error.code)) return { kind: 'pause' }
  if (error.retryable || error.effect === 'unknown') return { kind: 'again', isCounted: false }
  return MAY_PASS.has(error.code) ? { kind: 'again', isCounted: true } : { kind: 'permanent' }
}

/** The effects on DynamoDB, by topic: each may be repeated, and is applied once. */
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

// A stored row may have bypassed the checks of the call: only the expected members are read.

/**
 * An id that was created for the effect of the service belongs to no other writer, and a repetition is the identical
 * item: such events go in batches. Under any other id there may already be an event, and what is stored stays.
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
