import { describe, expect, it } from 'vitest'
import type { Usage } from './usage.js'
import { usageOf, usageRecorded } from './usage-event.js'

const userId = '00000000-0000-7000-8000-000000000001'
const usage: Usage = { userId, pluginId: 'a', use: 'command_used', meter: 'tokens', quantity: 1200 }

describe('usageRecorded', () => {
  it('makes the event that tells of a usage, and the same one again where it is to', () => {
    const identity = { occurredAt: new Date(0), idempotencyKey: 'k' }
    const event = usageRecorded({ ...usage, details: { model: 'x' } }, identity)
    const data = { pluginId: 'a', use: 'command_used', meter: 'tokens', quantity: 1200, details: { model: 'x' } }
    expect(event).toEqual({ eventType: 'usage.recorded', userId, data, ...identity })
    expect(usageOf({ eventType: 'usage.recorded', userId, data })).toEqual({ ...usage, details: { model: 'x' } })
  })

  it.each([
    ['userId', { userId: 'alice' }],
    ['data.pluginId', { pluginId: '' }],
    ['data.use', { use: 'slept' }],
    ['data.meter', { meter: 'constructor' }],
    ['data.quantity', { quantity: -1 }],
    ['data.quantity', { quantity: 0.5 }],
    ['data.quantity', { quantity: 2 ** 31 }],
    ['data.quantity', { meter: 'issues', quantity: 1_000_001 }],
    ['data.agent', { agent: 'coder' }],
    ['data.agent', { meter: 'agent_executions' }],
    ['data.agent', { meter: 'agent_executions', agent: ' ' }],
    ['data.details', { details: 'text' }],
  ])('refuses one that cannot be counted, by its %s: %j', (argument, changes) => {
    expect(() => usageRecorded({ ...usage, ...changes } as Usage)).toThrow(
      expect.objectContaining({ code: 'dynamo.invalid_input', details: { argument } }),
    )
  })
})
