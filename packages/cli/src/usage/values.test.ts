import { describe, expect, it } from 'vitest'
import { duration, interval, names, oneOf, rate, uuidOrAll, type ValueKind, wholeNumber } from './values.js'

describe('values on a command line', () => {
  it.each<[ValueKind<unknown>, string, unknown]>([
    [duration, '90s', 90_000],
    [duration, '30min', 1_800_000],
    [duration, '12h', 43_200_000],
    [duration, '7d', 604_800_000],
    [interval, '1s', 1000],
    [rate, '20MB/s', 20_000_000],
    [rate, '500kB/s', 500_000],
    [rate, '1.5gb', 1_500_000_000],
    [wholeNumber(0, 8), '8', 8],
    [oneOf('deliver', 'discard'), 'discard', 'discard'],
    [uuidOrAll, 'all', 'all'],
    [names('TABLE,...'), 'a, b,c', ['a', 'b', 'c']],
  ])('are read: %o of %s', (kind, value, expected) => expect(kind.read(value)).toEqual(expected))

  it.each<[ValueKind<unknown>, readonly string[]]>([
    [duration, ['', '7', 'd', '-7d', '7 days']],
    [interval, ['0s', '999d', '5']],
    [rate, ['', '20', 'MB/s', '20MB/h']],
    [wholeNumber(), ['', 'x', '1.5', '-1']],
    [wholeNumber(0, 8), ['9']],
    [oneOf('deliver', 'discard'), ['Deliver', '']],
    [uuidOrAll, ['everything', '']],
    [names('TABLE,...'), ['', ' , ']],
  ])('are refused: %o of %j', (kind, values) => {
    for (const value of values) expect(kind.read(value), value).toBeUndefined()
  })
})
