import { describe, expect, it } from 'vitest'
import { isMiyabiError, MiyabiError } from './error.js'

describe('MiyabiError', () => {
  it('says by default that it is final and that nothing happened', () => {
    const error = new MiyabiError('core.example', 'no')
    expect(error).toMatchObject({ code: 'core.example', retryable: false, effect: 'none', details: {} })
    expect('cause' in error).toBe(false)
  })

  it('keeps its literal code in the type, so that a switch over codes is checked', () => {
    const error: unknown = new MiyabiError('core.example', 'no', { details: { n: 1 }, cause: new Error('why') })
    expect(isMiyabiError(error, 'core.example') && error.code).toBe('core.example')
    expect(isMiyabiError(error, 'core.other')).toBe(false)
    expect(isMiyabiError(new Error('no'))).toBe(false)
  })
})
