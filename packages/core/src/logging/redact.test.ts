import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redactText, redactUrl, safeCause } from './redact.js'

describe('redactUrl', () => {
  it('masks the password and secret parameters, and keeps what tells where it goes', () => {
    expect(redactUrl('postgresql://app:hunter2@db.example.com:5432/miyabi?sslmode=require&sslpassword=pw')).toBe(
      'postgresql://app:***@db.example.com:5432/miyabi?sslmode=require&sslpassword=***',
    )
  })

  it('does not repeat a text that is not a URL, because a password may stand anywhere in it', () => {
    expect(redactUrl('postgresql//app:hunter2@db')).toBe('(not a URL)')
  })

  it('never lets a password through, whatever characters it is made of', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6 }), (password) => {
        const url = `postgresql://app:${encodeURIComponent(password)}@db.example.com/miyabi`
        const shown = redactUrl(url)
        expect(shown).toContain('db.example.com')
        expect(shown).not.toContain(`:${encodeURIComponent(password)}@`)
      }),
    )
  })
})

describe('redactText', () => {
  it('masks URLs in a message, also when the password holds an @', () => {
    expect(redactText('cannot reach postgresql://app:p@ss@db.example.com:5432/x now')).toBe(
      'cannot reach postgresql://app:***@db.example.com:5432/x now',
    )
  })

  it('masks key and value pairs that name a secret', () => {
    expect(redactText('{"password":"hunter2","user":"app"} secretAccessKey=abc')).toBe(
      '{"password":"***","user":"app"} secretAccessKey=***',
    )
  })
})

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
