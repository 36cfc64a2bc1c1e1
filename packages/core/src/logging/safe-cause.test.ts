import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { safeCause } from './safe-cause.js'

describe('safeCause', () => {
  it('keeps name, code and message, and drops what drivers hang on their errors', () => {
    const driver = Object.assign(new Error('duplicate key at postgresql://a:hunter2@h/d'), {
      code: '23505',
      detail: 'Key (email)=(secret@example.com) already exists.',
    })
    const safe = safeCause(driver)
    expect(safe).toMatchObject({ name: 'Error', code: '23505', message: 'duplicate key at postgresql://a:***@h/d' })
    expect(inspect(safe, { depth: 9, showHidden: true })).not.toMatch(/secret@example\.com|hunter2/)
  })

  it('takes what is not an error', () => {
    expect(safeCause('plain').message).toBe('plain')
  })
})
