import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { describe, expectTypeOf, it } from 'vitest'
import type {
  AgentState,
  Dynamo,
  DynamoError,
  EventRange,
  Message,
  NewAgentState,
  NewEvent,
  NewMessage,
  Page,
  StaleAgentStateError,
  StoredEvent,
  UnprocessedEventsError,
} from './index.js'

describe('the public types', () => {
  it('infer results without a cast', () => {
    expectTypeOf<Dynamo['client']>().toEqualTypeOf<DynamoDBClient>()
    expectTypeOf<Dynamo['events']['byUser']>().returns.resolves.toEqualTypeOf<Page<StoredEvent>>()
    expectTypeOf<Dynamo['events']['byType']>().parameter(1).toEqualTypeOf<EventRange | undefined>()
    expectTypeOf<Dynamo['events']['get']>().returns.resolves.toEqualTypeOf<StoredEvent | undefined>()
    expectTypeOf<Dynamo['agentState']['current']>().returns.resolves.toEqualTypeOf<AgentState | undefined>()
    expectTypeOf<Dynamo['messages']['undelivered']>().returns.resolves.toEqualTypeOf<Page<Message>>()
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
    void [keyWithoutTime, idAndTime, wrongName, wrongStatus, blind, wrongMessage]
  })
})
