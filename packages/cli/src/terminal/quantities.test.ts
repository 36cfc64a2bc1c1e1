import { describe, expect, it } from 'vitest'
import { countOf, durationOf, rateOf } from './quantities.js'

describe('quantities on a command line', () => {
  it.each([
    ['90s', 90_000],
    ['30min', 1_800_000],
    ['12h', 43_200_000],
    ['7d', 604_800_000],
  ])('read the duration %s', (text, ms) => expect(durationOf('keep', text, 'backup prune')).toBe(ms))

  it.each([
    ['20MB/s', 20_000_000],
    ['500kB/s', 500_000],
    ['1.5gb', 1_500_000_000],
  ])('read the rate %s', (text, bytes) => expect(rateOf('rate', text, 'backup create')).toBe(bytes))

  it.each(['', '7', 'd', '-7d', '7 days'])('refuse the duration %j', (text) => {
    expect(() => durationOf('keep', text, 'backup prune')).toThrow('--keep expects a duration')
  })

  it.each(['', '20', 'MB/s', '20MB/h'])('refuse the rate %j', (text) => {
    expect(() => rateOf('rate', text, 'backup create')).toThrow('--rate expects a rate')
  })

  it.each(['', 'x', '1.5', '-1'])('refuse the number %j', (text) => {
    expect(() => countOf('last', text, 'backup prune')).toThrow('--last expects a whole number')
  })
})
