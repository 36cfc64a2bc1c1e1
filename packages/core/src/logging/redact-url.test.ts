import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redactUrl } from './redact-url.js'

describe('redactUrl', () => {
  it('masks the password and secret parameters, and keeps what tells where it goes', () => {
    expect(redactUrl('postgresql://app:hunter2@db.example.com:5432/miyabi?sslmode=require&sslpassword=pw')).toBe(
      'postgresql://app:***@db.example.com:5432/miyabi?sslmode=require&sslpassword=***',
    )
    expect(redactUrl('postgresql://h/db?user=app@server&password=pw&PGPASSWORD=pw&token=pw')).toBe(
      'postgresql://h/db?user=app%40server&password=***&PGPASSWORD=***&token=***',
    )
    expect(redactUrl('https://token@github.com/a#access_token=x')).toBe('https://***@github.com/a#***')
  })

  it.each([
    'postgresql//app:hunter2@db',
    'app:hunter2@db/miyabi',
    'postgresql:app:hunter2@db',
    'postgresql://app:1/hunter2@db/miyabi',
    'postgresql://app:1#hunter2@db/miyabi',
    'postgresql://app:1?hunter2@db/miyabi',
    'postgresql://app:a/hunter2@db/miyabi',
  ])('does not repeat `%s`, because a password may stand anywhere in what is not a URL', (text) => {
    expect(redactUrl(text)).toBe('(not a URL)')
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
