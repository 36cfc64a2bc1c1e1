import { IllegalTransitionError, type StaleAgentStateError } from '@miyabi/dynamo/on-demand'
import { PostgresError } from '@miyabi/postgres'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { isMiyabiError } from './known-error.js'

describe('isMiyabiError', () => {
  it('types what an error holds by the codes that were asked for, without a cast', () => {
    const error: unknown = new PostgresError('postgres.unique_violation', 'm', { details: { columns: ['email'] } })
    expect.assertions(1)
    if (isMiyabiError(error, 'postgres.unique_violation')) {
      expectTypeOf(error.details.columns).toEqualTypeOf<readonly string[]>()
      expect(error.details.columns).toEqual(['email'])
    }
    if (isMiyabiError(error, 'dynamo.throttled')) expectTypeOf(error.details.attempts).toEqualTypeOf<number>()
    if (isMiyabiError(error, 'dynamo.agent_state.stale')) expectTypeOf(error).toExtend<StaleAgentStateError>()
    if (isMiyabiError(error, 'demo.of_mine')) expectTypeOf(error.code).toEqualTypeOf<'demo.of_mine'>()
  })

  it('takes several codes, and tells them apart', () => {
    const error: unknown = new IllegalTransitionError('a', 'pending', 'completed', false)
    if (!isMiyabiError(error, 'dynamo.agent_state.stale', 'dynamo.agent_state.illegal_transition')) throw error
    expect(error.code === 'dynamo.agent_state.illegal_transition' && error.details.to).toBe('completed')
  })

  it('knows no error that only looks like one of ours', () => {
    for (const other of [{ code: 'postgres.failed' }, new Error('postgres.failed'), 'postgres.failed', undefined]) {
      expect(isMiyabiError(other)).toBe(false)
    }
  })
})
