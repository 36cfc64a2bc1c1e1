import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Family, MAX_SERIES, OVERFLOW } from './family.js'
import { Sum } from './histogram.js'

const familyOf = <const Attributes extends readonly string[]>(attributes: Attributes) =>
  new Family({ name: 'test', kind: 'counter', unit: '1', description: 'A test.', attributes }, () => new Sum())

describe('a family', () => {
  it('has one value for the same labels, and one for each that differ', () => {
    const family = familyOf(['a', 'b'])
    family.at('x', undefined).value += 1
    family.at('x', undefined).value += 1
    family.at('x', 'y').value += 5
    family.at(undefined, undefined).value += 7
    expect(family.series.map(({ labels, value }) => [labels, value.value])).toEqual([
      [{ a: 'x' }, 2],
      [{ a: 'x', b: 'y' }, 5],
      [{}, 7],
    ])
  })

  it('needs no attribute', () => {
    const family = familyOf([])
    family.at().value += 1
    family.at().value += 1
    expect(family.series.map(({ labels, value }) => [labels, value.value])).toEqual([[{}, 2]])
  })

  it('takes several attributes for one value', () => {
    const server = { 'server.address': '127.0.0.1', 'server.port': '5432' }
    const family = familyOf(['server', 'operation'])
    family.at(server, 'SELECT').value += 1
    family.at(server, 'SELECT').value += 1
    expect(family.series.map(({ labels }) => labels)).toEqual([{ ...server, operation: 'SELECT' }])
  })

  it.each([
    "SELECT * FROM users WHERE email = 'ada@example.com'",
    'ada@example.com',
    'two words',
    'a\nb',
    '"quoted"',
    '',
    'x'.repeat(256),
  ])('calls what looks like no name `other`, such as %j', (text) => {
    const family = familyOf(['a'])
    family.at(text).value += 1
    family.at(text).value += 1
    family.at('other').value += 1
    expect(family.series.map(({ labels, value }) => [labels, value.value])).toEqual([[{ a: 'other' }, 3]])
  })

  it('keeps its limit and loses nothing, whatever comes', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: 'grapheme', maxLength: 5 }), fc.uuid(), fc.emailAddress())
    const parts = fc.array(fc.option(text, { nil: undefined }), { minLength: 10, maxLength: 15 })
    fc.assert(
      fc.property(parts, (some) => {
        const all = some.flatMap((a) => some.flatMap((b) => some.map((c) => [a, b, c] as const)))
        const family = familyOf(['a', 'b', 'c'])
        for (const labels of all) family.at(...labels).value += 1
        const { series } = family
        expect(series.length).toBeLessThanOrEqual(MAX_SERIES)
        expect(series.reduce((sum, { value }) => sum + value.value, 0)).toBe(all.length)
        expect(new Set(series.map(({ labels }) => JSON.stringify(labels))).size).toBe(series.length)
      }),
      { numRuns: 10 },
    )
  })

  it('puts what is too much into one series, and goes on counting those that it has', () => {
    const family = familyOf(['a'])
    for (let i = 0; i < 1000; i += 1) family.at(`table_${i}`).value += 1
    family.at('table_0').value += 1
    family.at('table_999').value += 1
    expect(family.series).toHaveLength(200)
    expect(family.series[0]?.value.value).toBe(2)
    expect(family.series.at(-1)).toMatchObject({ labels: { [OVERFLOW]: 'true' }, value: { value: 802 } })
    family.clear()
    expect(family.series).toEqual([])
    expect(family.at('table_999').value).toBe(0)
  })
})
