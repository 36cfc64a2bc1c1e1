import { describe, expect, it } from 'vitest'
import { isTag, tag } from './tags.js'

const UNSENDABLE = ['app:a\nb', 'app:a\0b', 'app:\ud800', `app:${'x'.repeat(500)}`, `app:${'é'.repeat(250)}`]

describe('tags', () => {
  it.each(UNSENDABLE)('refuse %j, as `tag` and as a literal: a list of tags takes a line for each', (text) => {
    expect(isTag(text)).toBe(false)
    expect(() => tag.of(text.slice('app:'.length))).toThrow('expected at most 500 bytes')
  })

  it('take whatever else a name may be', () => {
    for (const text of ['app:a:b', 'app:{x}', 'row:plugins:ä', `app:${'é'.repeat(248)}`, 'app:😀'])
      expect(isTag(text)).toBe(true)
    for (const text of ['app:', 'user:1', 'all', 'service', 7, null]) expect(isTag(text)).toBe(false)
  })
})
