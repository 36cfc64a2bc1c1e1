import { describe, expect, it } from 'vitest'
import { wrap, wrapLines } from './wrap.js'

describe('wrap', () => {
  it('breaks at spaces', () => expect(wrap('one two three', 8)).toEqual(['one two', 'three']))

  it('leaves a command, a URL or a long word on one line, so that it can be copied', () => {
    expect(wrap('run `miyabi tables apply`, then go on', 20)).toEqual(['run', '`miyabi tables apply`,', 'then go on'])
    expect(wrap('at postgresql://127.0.0.1:5432/miyabi now', 12)).toEqual([
      'at',
      'postgresql://127.0.0.1:5432/miyabi',
      'now',
    ])
  })

  it('returns a text that fits unchanged', () => expect(wrap('a  b', Number.POSITIVE_INFINITY)).toEqual(['a  b']))
})

describe('wrapLines', () => {
  it('indents continuation lines', () => {
    expect(wrapLines('two faults:\n  the first of the two faults', 24)).toBe(
      'two faults:\n  the first of the two\n  faults',
    )
  })
})
