import { inspect } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import { isMiyabiError, MiyabiError } from './error.js'

describe('MiyabiError', () => {
  it('says by default that it is final and that nothing happened', () => {
    const error = new MiyabiError('core.example', 'no')
    expect(error).toMatchObject({ code: 'core.example', retryable: false, effect: 'none', details: {} })
    expect('cause' in error).toBe(false)
  })

  it('has its remedy as a field and at the end of its message, and what happened without it', () => {
    const error = new MiyabiError('core.example', 'the door is shut', { remedy: 'open it' })
    expect(error).toMatchObject({
      reason: 'the door is shut',
      remedy: 'open it',
      message: 'the door is shut; open it',
    })
    const long = new MiyabiError('core.example', 'two doors are shut:\n  one\n  two', { remedy: 'open them' })
    expect(long.message).toBe('two doors are shut:\n  one\n  two\nopen them')
    const plain = new MiyabiError('core.example', 'the door is shut')
    expect([plain.reason, plain.message, 'remedy' in plain]).toEqual(['the door is shut', 'the door is shut', false])
    expect(inspect(error).split('the door is shut')).toHaveLength(2)
  })

  it('keeps its literal code in the type, so that a switch over codes is checked', () => {
    const error: unknown = new MiyabiError('core.example', 'no', { details: { n: 1 }, cause: new Error('why') })
    expect(isMiyabiError(error, 'core.example') && error.code).toBe('core.example')
    expect(isMiyabiError(error, 'core.other')).toBe(false)
    expect(isMiyabiError(error, 'core.other', 'core.example')).toBe(true)
    for (const other of [new Error('no'), { code: 'core.example' }, 'core.example', null, undefined]) {
      expect(isMiyabiError(other)).toBe(false)
    }
  })

  it('is known to another copy of this package, whose class it is no instance of', async () => {
    vi.resetModules()
    const copy = await import('./error.js')
    const error = new copy.MiyabiError('core.example', 'no')
    expect(error).not.toBeInstanceOf(MiyabiError)
    expect([isMiyabiError(error, 'core.example'), isMiyabiError(error, 'core.other')]).toEqual([true, false])
    expect(inspect(error)).not.toContain('Symbol(')
  })
})
