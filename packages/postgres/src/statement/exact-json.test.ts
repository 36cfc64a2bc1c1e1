import { describe, expect, it } from 'vitest'
import { exactJson } from './exact-json.js'

describe('the text of a JSON document', () => {
  it.each([
    '9007199254740991',
    '9007199254740992',
    '100000000000000000000',
    '100000000000000000000000',
    '[1e300, 1.5E+10, -0, 0e5]',
    '0.12345678901234567890',
    '"9007199254740993 and 1e400"',
    '{"9007199254740993": "\\"9007199254740993"}',
    String(Number.MAX_VALUE),
  ])('is accepted if JavaScript parses its numbers exactly: %s', (text) => {
    expect(exactJson(text)).toBe(text)
  })

  it.each([
    '9007199254740993',
    '-9007199254740993',
    '[{"a": 9007199254740993.0}]',
    '1e400',
    '-1e999',
    '1e-400',
    `1${'0'.repeat(309)}`,
  ])('is rejected if JavaScript parses another number: %s', (text) => {
    expect(() => exactJson(text)).toThrow('a JSON number that a double cannot represent')
  })
})
