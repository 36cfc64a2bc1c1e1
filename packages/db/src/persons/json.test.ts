import { describe, expect, it } from 'vitest'
import { parseExactly, plain } from './json.js'

describe('personal data as JSON', () => {
  it('keeps the digits of numbers that JavaScript would change, and nothing else differs', () => {
    const text =
      '{"a": 9007199254740993, "b": 1e400, "c": 1.50, "d": -7, "e": "12345678901234567890", "f": 0.12345678901234567890, "g": [1, 2.5e3]}'
    expect(parseExactly(text)).toEqual({
      a: '9007199254740993',
      b: '1e400',
      c: 1.5,
      d: -7,
      e: '12345678901234567890',
      f: '0.12345678901234567890',
      g: [1, 2500],
    })
    expect(parseExactly('"say \\"1e400\\""')).toBe('say "1e400"')
  })

  it('has a form for all that DynamoDB gives', () => {
    const given = { big: 2n ** 70n, bytes: new Uint8Array([1, 2]), set: new Set(['a']), list: [null, { ok: true }] }
    expect(plain(given)).toEqual({
      big: '1180591620717411303424',
      bytes: 'AQI=',
      set: ['a'],
      list: [null, { ok: true }],
    })
  })
})
