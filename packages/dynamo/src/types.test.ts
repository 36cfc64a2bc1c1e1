import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { describe, expectTypeOf, it } from 'vitest'
import type { AgentItem } from './agent-state/entity.js'
import type {
  AgentState,
  AgentStatus,
  Dynamo,
  DynamoError,
  EventRange,
  Message,
  MessageLease,
  MessageQueueFullError,
  MessageType,
  NewAgentState,
  NewEvent,
  NewMessage,
  Page,
  QueueState,
  Received,
  RecipientLeasedError,
  StaleAgentStateError,
  StoredEvent,
  UnprocessedEventsError,
} from './index.js'
import { type MessageItem, messageEntity, type QueueItem, queueEntity } from './messages/entity.js'

describe('the items of the entities', () => {
  it('infer from the models, with unions for enums', () => {
    expectTypeOf<AgentItem['status']>().toEqualTypeOf<AgentStatus>()
    expectTypeOf<AgentItem['currentTask']>().toEqualTypeOf<string | undefined>()
    expectTypeOf<AgentItem['version']>().toEqualTypeOf<number>()
    expectTypeOf<MessageItem['messageType']>().toEqualTypeOf<MessageType>()
    expectTypeOf<QueueItem['leasedUntil']>().toEqualTypeOf<number | undefined>()
  })

  it('refuse an attribute that the model does not have, and a wrong or missing one', () => {
    const queues = queueEntity('T')
    const messages = messageEntity('T')
    const times = { enqueuedAt: 1, writtenAt: 1, expiresAt: 1, ttl: 1 } as const
    const message = { recipient: 'r', sequence: 1, ...times, schemaVersion: 1 } as const
    void messages.put({ ...message, messageType: 'ping' })
    // @ts-expect-error not a message type
    const wrongEnum = (): unknown => messages.put({ ...message, messageType: 'shout' })
    // @ts-expect-error a required attribute is missing
    const missing = (): unknown => messages.put(message)
    // @ts-expect-error an attribute that does not exist
    const unknown = (): unknown => queues.update({ recipient: 'r' }).set({ lease: 'x' })
    // @ts-expect-error not a number
    const text = (): unknown => queues.update({ recipient: 'r' }).set({ leasedUntil: 'soon' })
    void [wrongEnum, missing, unknown, text]
  })
})

describe('the public types', () => {
  it('infer results without a cast', () => {
    expectTypeOf<Dynamo['client']>().toEqualTypeOf<DynamoDBClient>()
    expectTypeOf<Dynamo['events']['byUser']>().returns.resolves.toEqualTypeOf<Page<StoredEvent>>()
    expectTypeOf<Dynamo['events']['byType']>().parameter(1).toEqualTypeOf<EventRange | undefined>()
    expectTypeOf<Dynamo['events']['get']>().returns.resolves.toEqualTypeOf<StoredEvent | undefined>()
    expectTypeOf<Dynamo['agentState']['current']>().returns.resolves.toEqualTypeOf<AgentState | undefined>()
    expectTypeOf<Dynamo['messages']['undelivered']>().returns.resolves.toEqualTypeOf<Page<Message>>()
    expectTypeOf<Dynamo['messages']['lease']>().returns.resolves.toEqualTypeOf<MessageLease>()
    expectTypeOf<MessageLease['receive']>().returns.resolves.toEqualTypeOf<Received>()
    expectTypeOf<Received['messages'][number]['payload']>().toEqualTypeOf<Record<string, unknown>>()
    expectTypeOf<Dynamo['messages']['acknowledge']>().returns.resolves.toEqualTypeOf<boolean>()
    expectTypeOf<QueueState['expired']>().toEqualTypeOf<number>()
    expectTypeOf<MessageQueueFullError['code']>().toEqualTypeOf<'dynamo.messages.queue_full'>()
    expectTypeOf<RecipientLeasedError['details']['leasedUntilMs']>().toEqualTypeOf<number>()
    expectTypeOf<StoredEvent['occurredAt']>().toEqualTypeOf<Date>()
    expectTypeOf<DynamoError['details']['attempts']>().toEqualTypeOf<number>()
    expectTypeOf<UnprocessedEventsError['details']['unprocessed'][number]['id']>().toEqualTypeOf<string>()
    expectTypeOf<StaleAgentStateError['current']>().toEqualTypeOf<AgentState | undefined>()
  })

  it('have unions where there is a choice', () => {
    expectTypeOf<AgentState['status']>().toEqualTypeOf<'pending' | 'running' | 'completed' | 'failed'>()
    expectTypeOf<Message['messageType']>().toEqualTypeOf<'execution_update' | 'notification' | 'ping'>()
  })

  it('take an interface for data, and any text for a type', () => {
    interface Delivery {
      readonly action: string
    }
    const data: Delivery = { action: 'opened' }
    expectTypeOf({ eventType: 'webhook', data }).toExtend<NewEvent>()
    expectTypeOf({ eventType: 'anything else' }).toExtend<NewEvent>()
  })

  it('refuse what cannot work', () => {
    // @ts-expect-error an idempotency key needs a time: the id is made of both
    const keyWithoutTime: NewEvent = { eventType: 'webhook', idempotencyKey: 'k' }
    // @ts-expect-error an id has its time in it
    const idAndTime: NewEvent = { eventType: 'webhook', id: 'i', occurredAt: new Date() }
    // @ts-expect-error an attribute that does not exist
    const wrongName: NewEvent = { eventType: 'webhook', user: 'u' }
    // @ts-expect-error not a status
    const wrongStatus: NewAgentState = { agentId: 'a', status: 'idle', expectedVersion: 0 }
    // @ts-expect-error a save without a version would be blind
    const blind: NewAgentState = { agentId: 'a', status: 'pending' }
    // @ts-expect-error not a message type
    const wrongMessage: NewMessage = { recipient: 'r', messageType: 'shout' }
    // @ts-expect-error an attribute that does not exist
    const wrongAttribute: NewMessage = { recipient: 'r', messageType: 'ping', body: {} }
    // @ts-expect-error a payload is an object
    const textPayload: NewMessage = { recipient: 'r', messageType: 'ping', payload: 'text' }
    // @ts-expect-error the version is the store's, not the caller's
    const ownVersion: NewAgentState = { agentId: 'a', status: 'pending', expectedVersion: 0, version: 1 }
    // @ts-expect-error a lease is of a connection
    const nobody: Parameters<Dynamo['messages']['lease']>[1] = {}
    void [wrongAttribute, textPayload, ownVersion, nobody]
    void [keyWithoutTime, idAndTime, wrongName, wrongStatus, blind, wrongMessage]
  })
})
