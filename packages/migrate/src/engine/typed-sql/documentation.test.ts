import { describe, expect, it } from 'vitest'
import { parseDocumentation } from './documentation.js'

describe('parseDocumentation', () => {
  it('reads the text and every form of @param', () => {
    const source = `-- Users by mail.
-- Second line.
-- @param {String} $1:mail? the whole address
-- @param $2
SELECT 1 -- @param $9 not at the top`
    const { text, parameters } = parseDocumentation(source)
    expect(text).toBe('Users by mail.\nSecond line.')
    expect([...parameters]).toEqual([
      [1, { type: 'string', alias: 'mail', nullable: true, text: 'the whole address' }],
      [2, { type: undefined, alias: undefined, nullable: false, text: null }],
    ])
  })

  it('refuses a @param it cannot read, instead of ignoring it', () => {
    expect(() => parseDocumentation('-- @param {Money} $1\nSELECT $1')).toThrow('cannot read `@param {Money} $1`')
    expect(() => parseDocumentation('-- @param first\nSELECT $1')).toThrow(
      'expected `@param {Type} $1:alias? description`',
    )
  })
})
