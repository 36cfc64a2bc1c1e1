import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { redactValue } from './redact-value.js'

const URL_TEXT = 'postgresql://a:hunter2@h/d'

describe('redactValue', () => {
  it.each([
    ['a text', URL_TEXT, 'postgresql://a:***@h/d'],
    ['a URL', new URL(URL_TEXT), 'postgresql://a:***@h/d'],
    ['a list', [URL_TEXT, [URL_TEXT]], ['postgresql://a:***@h/d', ['postgresql://a:***@h/d']]],
    ['a set', new Set(['Bearer hunter2']), ['Bearer ***']],
    [
      'fields by their names',
      { env: { DB_PASSWORD: 'hunter2', pgPass: 'hunter2' }, 'x-api-key': 1 },
      { env: { DB_PASSWORD: '***', pgPass: '***' }, 'x-api-key': '***' },
    ],
    ['a secret that is an object', { credentials: { id: 'hunter2' } }, { credentials: '***' }],
    [
      'a map, and its keys',
      new Map<unknown, unknown>([
        ['token', 'hunter2'],
        [URL_TEXT, 1],
      ]),
      { token: '***', 'postgresql://a:***@h/d': 1 },
    ],
    ['headers', new Headers({ Authorization: 'hunter2', Host: 'h' }), { authorization: '***', host: 'h' }],
    ['parameters', new URLSearchParams('password=hunter2&a=1'), { password: '***', a: '1' }],
    [
      'raw headers and arguments',
      ['Cookie', 'hunter2', '--password', 'hunter2', 'x'],
      ['Cookie', '***', '--password', '***', 'x'],
    ],
    ['pairs of a name and a value', [{ name: 'PGPASSWORD', value: 'hunter2' }], [{ name: 'PGPASSWORD', value: '***' }]],
    ['bytes', { data: Buffer.from('hunter2') }, { data: '(7 bytes)' }],
    ['what says how it is written', { toJSON: () => ({ password: 'hunter2' }) }, { password: '***' }],
  ])('masks secrets in %s', (_kind, value, shown) => {
    expect(redactValue(value)).toEqual(shown)
  })

  it('keeps of errors, their causes and their parts, what they are known by', () => {
    const cause = Object.assign(new Error(`at ${URL_TEXT}`), { code: 'X1', detail: 'hunter2' })
    const error = new AggregateError([cause], `no ${URL_TEXT}`, { cause })
    const shown = { name: 'Error', code: 'X1', message: 'at postgresql://a:***@h/d' }
    expect(redactValue({ error })).toEqual({
      error: { name: 'AggregateError', message: 'no postgresql://a:***@h/d', cause: shown, errors: [shown] },
    })
  })

  it('leaves what is no secret', () => {
    const at = new Date()
    const value = {
      waitedMs: 12,
      ok: true,
      none: undefined,
      id: 5n,
      at,
      hasPassword: false,
      token: null,
      passwordFile: '/run/x',
    }
    expect(redactValue(value)).toEqual(value)
  })

  it('comes to an end with circles, depths and getters that throw', () => {
    const circle: Record<string, unknown> = { password: 'hunter2' }
    circle['self'] = circle
    let deep: object = { password: 'hunter2' }
    for (let depth = 0; depth < 100; depth += 1) deep = { deep }
    const throwing = {
      get broken(): never {
        throw new Error('hunter2')
      },
    }
    const shown = inspect(redactValue([circle, deep, throwing]), { depth: Infinity })
    expect(shown).toMatch(/\(circular\).*\(too deep\).*\(unreadable\)/s)
    expect(shown).not.toContain('hunter2')
  })
})
